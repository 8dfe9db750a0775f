"""What is known of audits; reads only."""
