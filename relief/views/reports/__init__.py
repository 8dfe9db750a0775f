"""Report pages: `tables` by two dimensions, `behind` a figure, `compare`, `r60`, `cash` ahead."""
