"""Tests of skill, over plain arrays: no study, no bars, no page.

Each test takes arrays and returns a frozen dataclass. A figure that has no meaning is None, and `why`
gives the reason. All random numbers come from a seed.
"""
