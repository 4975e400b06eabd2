"""Tests of skill, over plain arrays: no study, no bars, no page.

Each takes arrays and gives a frozen dataclass. A figure without a meaning is None, and `why` says
so. What is drawn is drawn from a seed.
"""
