"""Which cases of a matrix run every time; the others are marked slow and run by `.ci/run --all`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pytest

#: One in closed form and one network that the kernels train.
FORECASTERS = ("linear", "cnn")


def slow_but(fast: Iterable[Any], cases: Sequence[Any]) -> list[Any]:
    """Return the cases for `parametrize`; those that are not in `fast` are marked slow."""
    kept = tuple(fast)
    missing = [case for case in kept if case not in cases]
    assert not missing, f"no such case: {missing}"
    return [case if case in kept else pytest.param(case, marks=pytest.mark.slow) for case in cases]
