"""Prices known by their content: a copy under another name is the same prices."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from backtests.reading.arrays import read_arrays, write_arrays
from forecasters.bars import Bars, Days, Floats

#: Two returns agree if they differ by less than this share of their standard deviation: a rounding to
#: the market's ticks, or to the cents of an adjusted price.
TOLERANCE = 0.1
#: Share of the returns that have to agree: later dividends and splits change a few of them.
AGREE = 0.8
#: Fewest returns, other than 0 in one of the two, that are compared.
FEWEST = 20


@dataclass(frozen=True, eq=False)
class Prices:
    """Closes of one ticker.

    Attributes
    ----------
    sessions : datetime64[D], shape [T]
    level : float64, shape [T]
        Logarithms of the closes, up to a constant.
    """

    sessions: Days
    level: Floats

    @classmethod
    def of(cls, bars: Bars) -> Prices:
        """Return the prices of bars."""
        return cls(bars.sessions, np.log(bars.close))

    @property
    def name(self) -> str:
        """A name from the content: the first letters of a sha256."""
        days = self.sessions.astype("datetime64[D]").astype(np.int64)
        returns = np.diff(self.level, prepend=self.level[:1]).round(6)
        return hashlib.sha256(days.tobytes() + returns.tobytes()).hexdigest()[:16]

    def agrees(self, other: Prices) -> bool:
        """Return whether both are the same prices: their returns agree on the sessions that they share.

        Of the sessions of both, each return reaches from one shared session to the next. So a missing
        day, another start and a constant factor make no difference.

        Examples
        --------
        >>> days = np.arange("2024-01-01", "2024-03-01", dtype="datetime64[D]")
        >>> drawn = np.random.default_rng(1).normal(0, 0.02, (2, days.size)).cumsum(axis=1)
        >>> one, other = Prices(days, drawn[0]), Prices(days, drawn[1])
        >>> one.agrees(Prices(days[5:], drawn[0, 5:] + 3)), one.agrees(other)
        (True, False)
        """
        _, here, there = np.intersect1d(
            self.sessions, other.sessions, assume_unique=True, return_indices=True
        )
        first, second = np.diff(self.level[here]), np.diff(other.level[there])
        moved = (first != 0) | (second != 0)
        if int(moved.sum()) < FEWEST:
            return False
        first, second = first[moved], second[moved]
        near = np.abs(first - second) <= TOLERANCE * max(float(first.std()), float(second.std()))
        return float(near.mean()) >= AGREE

    def joined(self, other: Prices) -> Prices:
        """Return these prices with the sessions that only `other` has; both have to agree."""
        _, here, there = np.intersect1d(
            self.sessions, other.sessions, assume_unique=True, return_indices=True
        )
        apart = float(np.median(other.level[there] - self.level[here]))
        new = ~np.isin(other.sessions, self.sessions)
        sessions = np.concatenate([self.sessions, other.sessions[new]])
        level = np.concatenate([self.level, other.level[new] - apart])
        order = np.argsort(sessions)
        return Prices(sessions[order], level[order])


class PriceRegistry:
    """The prices that were ever looked at, one file each, beside a ledger.

    Parameters
    ----------
    folder : path
        Holds ``prices-<name>.npz``; the name is that of the prices as they were seen first.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def names(self, bars: Mapping[str, Bars], write: bool = True) -> tuple[str, ...]:
        """Return the names of the prices, sorted; new prices, and new sessions of known ones, are kept.

        Raises
        ------
        OSError
            The folder cannot be written; with `write` False nothing is.
        """
        known: dict[str, Prices] | None = None
        names = []
        for one in bars.values():
            prices = Prices.of(one)
            name = prices.name
            exact = self._read(self._path(name))
            if exact is None or not exact.agrees(prices):  # no copy: search all of them
                known = self._all() if known is None else known
                name = next((n for n, seen in known.items() if seen.agrees(prices)), name)
                if write:
                    self._keep(name, known.get(name), prices)
                    known[name] = prices
            names.append(name)
        return tuple(sorted(set(names)))

    def there(self) -> set[str]:
        """Return the names of all prices that are kept and can be read."""
        return set(self._all())

    def _path(self, name: str) -> Path:
        return self.folder / f"prices-{name}.npz"

    def _keep(self, name: str, seen: Prices | None, prices: Prices) -> None:
        joined = seen.joined(prices) if seen else prices
        if seen and joined.sessions.size == seen.sessions.size:
            return
        days = joined.sessions.astype("datetime64[D]").astype(np.int32)
        write_arrays(self._path(name), days=days, level=joined.level.astype(np.float32))

    def _all(self) -> dict[str, Prices]:
        paths = sorted(self.folder.glob("prices-*.npz"))
        read = {path.stem.removeprefix("prices-"): self._read(path) for path in paths}
        return {name: prices for name, prices in read.items() if prices is not None}

    @staticmethod
    def _read(path: Path) -> Prices | None:
        arrays = read_arrays(path, "days", "level")
        if arrays is None:
            return None
        days, level = arrays["days"], arrays["level"]
        if days.dtype.kind != "i" or level.dtype.kind != "f" or days.ndim != 1 or not days.size:
            return None
        if level.shape != days.shape or (np.diff(days) <= 0).any() or not np.isfinite(level).all():
            return None
        return Prices(days.astype("datetime64[D]"), level.astype(np.float64))
