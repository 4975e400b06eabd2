"""What to do with bars: accounts and plan, with every name resolved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from backtests.account.broker import Broker
from backtests.universe.file import Split, VolumeCorrection
from forecasters.base import Forecaster
from forecasters.inputs.extras import Extra
from forecasters.walk_forward import WalkForward
from forecasters.walk_forward.fit import Fit
from strategies.rule import Rule

#: Fits by ticker (None: a pooled fit of all tickers) and forecaster.
Fits = Mapping[tuple[str | None, str], tuple[Fit, ...]]


@dataclass(frozen=True, eq=False)
class Account:
    """What trades together: one ticker, or the tickers of a universe.

    Attributes
    ----------
    name : str
        The ticker, or `UNIVERSE`: the name in tables, which does not depend on a file's name.
    title : str
        The ticker, or the name of the universe's file.
    largest : int or None
        Number of tickers that may be bought, the largest by traded value; None: all.
    corrections : mapping
        Ticker to the splits that its volumes lack.
    splits : mapping
        Ticker to the splits that its prices and volumes lack.
    """

    name: str
    title: str
    tickers: tuple[str, ...]
    broker: Broker
    largest: int | None = None
    corrections: Mapping[str, tuple[VolumeCorrection, ...]] = field(default_factory=dict)
    splits: Mapping[str, tuple[Split, ...]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Plan:
    """What to do with bars, with every name resolved.

    Attributes
    ----------
    forecasters : mapping
        Label to forecaster, naive first.
    rules : mapping
        Label to rule, buy_and_hold last.
    shifts : int
        Largest number of circular shifts of a forecast that each rule trades; 0: none.
    """

    forecasters: Mapping[str, Forecaster]
    rules: Mapping[str, Rule]
    walk_forward: WalkForward
    features: str
    seeds: tuple[int, ...]
    extras: tuple[Extra, ...] = ()
    shifts: int = 0
