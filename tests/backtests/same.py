"""Says where two values differ, field by field and to the bit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np


def differences(one: Any, other: Any, place: str = "value") -> list[str]:
    """Return the places where two values differ; NaN is NaN, an int is no float."""
    if type(one) is not type(other):
        return [f"{place}: {type(one).__name__}, {type(other).__name__}"]
    if is_dataclass(one):
        pairs = [(f".{f.name}", getattr(one, f.name), getattr(other, f.name)) for f in fields(one)]
    elif isinstance(one, np.ndarray):
        same = (one.dtype, one.shape, one.tobytes()) == (other.dtype, other.shape, other.tobytes())
        return [] if same else [f"{place}: arrays"]
    elif isinstance(one, Mapping):
        if list(one) != list(other):
            return [f"{place}: {list(one)}, {list(other)}"]
        pairs = [(f"[{key!r}]", one[key], other[key]) for key in one]
    elif isinstance(one, tuple | list):
        if len(one) != len(other):
            return [f"{place}: {len(one)}, {len(other)} entries"]
        pairs = [(f"[{i}]", *both) for i, both in enumerate(zip(one, other, strict=True))]
    else:
        return [] if repr(one) == repr(other) else [f"{place}: {one!r}, {other!r}"]
    return [d for name, a, b in pairs for d in differences(a, b, place + name)]
