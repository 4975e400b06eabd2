"""All that a run found out about one account: what every table and page is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from backtests.history import History
from backtests.result import Result
from backtests.sensitivity import Point
from forecasters.bars import Bars
from forecasters.forecasts import Forecasts

#: The rule that every run holds beside the others, by its name in `strategies/`.
HELD = "buy_and_hold"


@dataclass(frozen=True, eq=False)
class Study:
    """One ticker's bars, forecasts and backtests.

    Attributes
    ----------
    bars : Bars
        The whole history, the training rows too.
    forecasts : tuple of Forecasts
        One a forecaster, naive first; all over the same sessions.
    histories : mapping
        Forecaster to how each of its fits went; a pooled fit stands with every ticker it learned from.
    results : tuple of Result
        forecaster x strategy in the order asked for, then buy_and_hold once.
    exits : tuple of Result
        The first five_percent rule under each of its exits, for each forecaster: what the reading decides.
    foresight : tuple of Result
        Each rule fed with the true next close: what a perfect forecaster would have earned after costs.
        `forecaster` is "perfect foresight". A measure of the market, never a result.
    thresholds : mapping
        Strategy label to the forecast return it needs to buy (0.05), for rules that have one.
    readings : mapping
        Strategy label to one sentence that says how the rule was read.
    horizon : int
        Sessions from a close to the close that is forecast.
    sensitivity : tuple of Point
        The first five_percent rule under other thresholds and exits, for each forecaster but naive.
    """

    bars: Bars
    forecasts: tuple[Forecasts, ...]
    histories: Mapping[str, tuple[History, ...]]
    results: tuple[Result, ...]
    exits: tuple[Result, ...]
    foresight: tuple[Result, ...]
    thresholds: Mapping[str, float]
    readings: Mapping[str, str]
    currency: str
    costs_note: str
    horizon: int = 1
    sensitivity: tuple[Point, ...] = ()

    @property
    def naive_says(self) -> str:
        """What the naive forecast is, in words."""
        if self.horizon == 1:
            return "tomorrow's close is today's"
        return f"the close {self.horizon} sessions later is today's"

    @property
    def ticker(self) -> str:
        """The ticker of the bars."""
        return self.bars.ticker

    @property
    def held(self) -> Result | None:
        """Buy and hold; never another rule that needs no forecast. None where it was not run."""
        return next((result for result in self.results if result.strategy == HELD), None)

    @property
    def ruled(self) -> tuple[Result, ...]:
        """The results that are judged: all but buy and hold and those on naive's forecasts."""
        return tuple(r for r in self.results if r.strategy != HELD and r.forecaster != "naive")
