"""What the checks of the audit work with: changed futures, other dates, a fresh process."""
