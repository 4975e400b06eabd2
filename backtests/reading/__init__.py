"""Files that a user names: opened so that nothing hangs, is too large, or is no file."""
