"""Sources of daily bars: one source in each file, named as on the command line (`--source yahoo`)."""
