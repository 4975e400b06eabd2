"""Numbers as text, tables and files: what everything that writes stands on."""
