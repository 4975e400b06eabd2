"""Everything that is said about a study: pages, tables, tearsheets."""
