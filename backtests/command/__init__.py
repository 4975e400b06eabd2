"""What all commands share: configuration, flags, exit codes, progress."""
