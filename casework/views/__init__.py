"""Notices and letters (`notices`); the outbox, its receipts, what units want (`telling`)."""
