"""The desk pages of this app: runs, an employer's account, why an amount, overpayments,
raised bases."""
