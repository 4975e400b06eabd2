"""What the audit asks: one question a file."""
