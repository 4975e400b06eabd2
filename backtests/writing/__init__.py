"""Numbers as text, tables, and files: used by everything that writes."""
