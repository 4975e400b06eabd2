"""How work is done: processes, many fits, and the fits kept on disk."""
