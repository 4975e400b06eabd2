"""What every command has in common: configuration, flags, exit codes, progress."""
