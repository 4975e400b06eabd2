"""The source if the user names none: what is on disk, else Yahoo, else bars with a warning."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field

import numpy as np

from backtests.sources.bundled import Bundled
from backtests.sources.simulated import Simulated
from backtests.sources.snapshots import Snapshot, Snapshots
from backtests.sources.source import (
    DataSource,
    NoNetwork,
    NotCovered,
    PartialDataWarning,
    SimulatedDataWarning,
    SnapshotWarning,
    SourceUnreachable,
    UnknownTicker,
    check_adjust,
    parse_dates,
)
from backtests.sources.yahoo import Yahoo
from forecasters.bars import Bars


@dataclass(frozen=True)
class Auto:
    """Takes the first source that covers the dates: a snapshot, a bundled series, Yahoo.

    Only if there is no network at all (`NoNetwork`: `backtests.sources.yahoo` says how that is known), it
    takes real bars for a part of the dates (a snapshot, then a bundled series), and without any it takes
    simulated bars; each with a warning. An unknown ticker, a rate limit, a connection that breaks off or
    takes too long, and an answer that cannot be read are errors: simulated bars would hide them. So is a
    network that comes or goes between two tickers: simulated bars never stand beside downloaded ones.

    Attributes
    ----------
    adjust : str
        ``splits``, ``all`` or ``none``, for Yahoo.
    snapshots : Snapshots
        Where downloads are kept.
    yahoo : DataSource, optional
        The source of downloads; default: `Yahoo` with `adjust`.
    """

    adjust: str = "splits"
    snapshots: Snapshots = field(default_factory=Snapshots, repr=False, compare=False)
    yahoo: DataSource | None = field(default=None, repr=False, compare=False)
    #: The first ticker that was downloaded, and the first that was simulated.
    _first: dict[str, str] = field(default_factory=dict, init=False, repr=False, compare=False)

    def fetch(self, ticker: str, start: str, end: str) -> Bars:
        """Return the bars from `start` to before `end`.

        Warns
        -----
        SimulatedDataWarning
            The bars are simulated.
        PartialDataWarning
            The bars are real but do not cover all the dates.
        SnapshotWarning
            A snapshot is damaged, disagrees with the download, or could not be written.

        Raises
        ------
        SourceUnreachable
            Yahoo was reached for one ticker and not for another.
        """
        parse_dates(start, end)
        check_adjust(self.adjust)
        kept = self.snapshots.find(ticker, "yahoo", self.adjust)
        if kept is not None and kept.covers(start, end) and _holds(kept, start, end):
            return kept.bars.between(start, end)
        if Bundled().covers(ticker, start, end):
            return Bundled().fetch(ticker, start, end)
        try:
            bars = (self.yahoo or Yahoo(self.adjust)).fetch(ticker, start, end)
        except NoNetwork as error:
            return self._without_network(ticker, start, end, kept, error)
        self._first.setdefault("downloaded", ticker)
        kept_bars = self._keep(bars, start, end)
        self._refuse_mixture()
        return kept_bars

    def _refuse_mixture(self, why: str = "run it again, or give bars with --data-dir") -> None:
        if len(self._first) == 2:
            raise SourceUnreachable(
                f"Yahoo Finance was reached for {self._first['downloaded']} and not for "
                f"{self._first['simulated']}, and simulated bars do not stand beside real ones: {why}"
            )

    def _keep(self, bars: Bars, start: str, end: str) -> Bars:
        """Store the download and return it as the snapshot will give it later."""
        try:
            stored = self.snapshots.store(bars, self.adjust, start, end)
        except OSError as error:
            warnings.warn(
                f"{bars.ticker}: no snapshot could be written ({error}), so the bars will be "
                "downloaded again: set BACKTESTS_CACHE to a folder that can be written",
                SnapshotWarning,
                stacklevel=3,
            )
            return bars
        return stored.bars.between(start, end)

    def _without_network(
        self, ticker: str, start: str, end: str, kept: Snapshot | None, error: NoNetwork
    ) -> Bars:
        try:
            if kept is not None and _holds(kept, start, end):
                bars, what = kept.bars.between(start, end), f"the snapshot of {kept.fetched}"
            else:
                bars, what = Bundled(partial=True).fetch(ticker, start, end), "the bundled series"
        except (UnknownTicker, NotCovered):
            self._first.setdefault("simulated", ticker)
            self._refuse_mixture(str(error))
            bars = Simulated().fetch(ticker, start, end)
            warnings.warn(
                f"{ticker}: these bars are SIMULATED, drawn from a random generator, because "
                f"there are no real ones: {error}",
                SimulatedDataWarning,
                stacklevel=3,
            )
            return bars
        warnings.warn(
            f"{ticker}: the bars are {what}, from {bars.sessions[0]} to {bars.sessions[-1]} only, "
            f"not from {start} to before {end}: {error}",
            PartialDataWarning,
            stacklevel=3,
        )
        return bars


def _holds(kept: Snapshot, start: str, end: str) -> bool:
    """Return whether the snapshot has a session in these dates."""
    days = kept.bars.sessions
    return bool(((days >= np.datetime64(start)) & (days < np.datetime64(end))).any())
