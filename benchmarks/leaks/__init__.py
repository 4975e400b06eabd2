"""Kinds of leaks, and how many of them the audit finds."""
