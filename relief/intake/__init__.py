"""The workbooks that this app takes in: `declarations` and `payments`."""
