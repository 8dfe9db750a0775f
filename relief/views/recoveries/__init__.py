"""Pages of what is still to be paid: `desk`, `portal`, and `places` of every difference."""
