"""Tests of skill and of luck: arrays in, frozen dataclasses out."""
