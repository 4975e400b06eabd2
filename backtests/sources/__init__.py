"""Sources of daily bars: one source a file, named as on the command line (`--source yahoo`)."""
