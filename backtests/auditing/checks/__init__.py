"""The checks of the audit: one question in each file."""
