"""Pages: `portal` for enterprises, `desk` for deciding, `batches` for the way to the bank."""
