"""The pages, tables and tearsheets of a study."""
