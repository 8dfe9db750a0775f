"""Every write of audits."""
