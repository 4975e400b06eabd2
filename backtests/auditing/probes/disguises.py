"""Forecasters that take the place of another, with its name, its settings and its seeds."""

from __future__ import annotations

import hashlib
from copy import deepcopy
from dataclasses import fields, replace
from typing import Any, Self

import numpy as np

from forecasters.bars import Floats
from forecasters.base import Forecaster
from forecasters.preparation.windows import Windows

#: 28 years: the same weekdays, months and leap days, from 1901 to 2099.
MOVED_DAYS = 1461 * 7


class Disguise(Forecaster):
    """Passes everything to `inner`; its settings are those of `inner`."""

    def __init__(self, inner: Forecaster) -> None:
        vars(self).update(vars(inner), stochastic=inner.stochastic)
        self.inner = inner

    @property
    def name(self) -> str:
        """The name of `inner`, from which the random numbers are made."""
        return self.inner.name

    def fit(self, windows: Windows, validation: Windows, rng: np.random.Generator) -> Self:
        """Fit a copy of `inner`."""
        self.inner = deepcopy(self.inner)
        self.inner.fit(self.shown(windows), self.shown(validation), rng)
        return self

    def predict(self, windows: Windows) -> Floats:
        """Return the answer of `inner`."""
        return self.inner.predict(self.shown(windows))

    def shown(self, windows: Windows) -> Windows:
        """Return the windows that `inner` gets."""
        return windows

    def cost(self, rows: int) -> float:
        """Return the cost of `inner`."""
        return self.inner.cost(rows)


class Redated(Disguise):
    """Every date is 28 years earlier: weekday, month and day of the year stay the same."""

    def shown(self, windows: Windows) -> Windows:
        """Return the windows with earlier dates."""
        return replace(windows, as_of=windows.as_of - np.timedelta64(MOVED_DAYS, "D"))


class RedatedTraining(Redated):
    """Every date of the training is 28 years earlier, those of the test windows are not."""

    def predict(self, windows: Windows) -> Floats:
        """Return the answer of `inner` under the true dates."""
        return self.inner.predict(windows)


class Mislabelled(Disguise):
    """Each window is fitted with the label of another one."""

    def shown(self, windows: Windows) -> Windows:
        """Return the windows with their labels in random order; test windows have no labels."""
        order = np.random.default_rng(len(windows)).permutation(len(windows))
        return replace(windows, y=windows.y[order])


class Mirror(Disguise):
    """Answers each window with a hash of it and of all fit rows, so that every change shows."""

    def fit(self, windows: Windows, validation: Windows, rng: np.random.Generator) -> Self:
        """Remember the fit and validation windows."""
        self.seen_ = _bytes(windows, slice(None)) + _bytes(validation, slice(None))
        return self

    def predict(self, windows: Windows) -> Floats:
        """Return numbers in [0, 1), [M]."""
        seen = hashlib.sha256(self.seen_).digest()
        return _drawn([seen + _bytes(windows, slice(i, i + 1)) for i in range(len(windows))])


class Dice(Disguise):
    """Forecasts returns from -10% to 10%, made from the last close, so that a rule trades often."""

    def fit(self, windows: Windows, validation: Windows, rng: np.random.Generator) -> Self:
        """Learn nothing."""
        return self

    def predict(self, windows: Windows) -> Floats:
        """Return log returns [M]."""
        return 0.2 * _drawn([close.tobytes() for close in windows.last_close]) - 0.1


def _drawn(words: list[bytes]) -> Floats:
    heads = [int.from_bytes(hashlib.sha256(word).digest()[:6], "big") for word in words]
    return np.array(heads, dtype=np.float64) / 2.0**48


def _arrays(windows: Windows) -> dict[str, Any]:
    pairs = ((f.name, getattr(windows, f.name)) for f in fields(windows))
    return {name: value for name, value in pairs if isinstance(value, np.ndarray)}


def _taken(windows: Windows, rows: Any) -> Windows:
    return replace(windows, **{name: array[rows] for name, array in _arrays(windows).items()})


def _bytes(windows: Windows, rows: slice) -> bytes:
    return b"".join(array[rows].tobytes() for array in _arrays(windows).values())
