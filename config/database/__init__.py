"""Django's PostgreSQL, working under the role that may not rewrite history."""
