"""All that a run knows of one account: what every table and page is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from backtests.account.result import Result
from backtests.judging.calls import Calls
from backtests.judging.judgement import Judgement
from backtests.judging.sensitivity import Point
from backtests.markets.jumps import Jump
from backtests.sources.faults import Fault
from backtests.studies.published import BesidePreset
from backtests.studies.training import History
from backtests.universe.membership import Membership
from forecasters.bars import Bars
from forecasters.forecasts import Forecasts

#: The rule that every run adds to the others, by its name in `strategies/`.
HELD = "buy_and_hold"
#: Name of the account of a universe in every table, whatever its file is called.
UNIVERSE = "universe"


@dataclass(frozen=True, eq=False)
class Study:
    """One account, of one ticker or of a universe: its bars, forecasts and backtests.

    Attributes
    ----------
    account : str
        The ticker, or `UNIVERSE`.
    bars : mapping
        Ticker to `Bars`: the whole history, training rows included.
    forecasts : mapping
        Ticker to forecasts, one a forecaster, naive first; those of a ticker over the same sessions.
    histories : mapping
        Ticker to forecaster to the training of each of its fits; a pooled fit stands with every
        ticker from which it learned.
    results : tuple of Result
        forecaster x strategy in the order that the user named them, then buy_and_hold once.
    exits : tuple of Result
        The swept rule under each of its named exits, for each forecaster; `strategy` is ``exit=<name>``.
    foresight : tuple of Result
        Each rule on forecasts that know the true next close: what a perfect forecaster would have
        earned after costs. `forecaster` is "perfect foresight". A measure of the market, never a result.
    thresholds : mapping
        Strategy label to the forecast return it needs to buy (0.05), for rules that have one.
    readings : mapping
        Strategy label to one sentence that says how the rule is read.
    horizon : int
        Sessions from a close to the close that is forecast.
    title : str
        Heading of the page: the ticker, or the name of the file of the universe.
    membership : Membership or None
        Which tickers of a universe could be bought when; None for the account of one ticker.
    left_out : tuple of str
        Tickers of the universe with too few sessions for a forecast.
    faults : tuple of Fault
        Faulty rows: the bars of a ticker of the universe end before its faulty row. Those of
        tickers left out are among them.
    jumps : tuple of Jump
        Closes of these tickers that no market allows, not repaired, and those that are suspect.
    slots : int
        Equal parts of the equity, one a position.
    swept : str
        Label of the rule that `exits` and `sensitivity` vary (`swept_rule`); empty without one.
    exit_meanings : mapping
        Name of each exit of the swept rule to its meaning, in words.
    sensitivity : tuple of Point
        The swept rule under other thresholds and exits, for each forecaster but naive.
    calls : tuple of Calls
        One for each rule that needs a forecast return to buy, and each forecaster but naive.
    presets : tuple of BesidePreset
        The forecasters that a source printed, and how they differ from that.
    judgement : Judgement or None
        What all of this shows beside chance; None where it was not judged.
    """

    account: str
    bars: Mapping[str, Bars]
    forecasts: Mapping[str, tuple[Forecasts, ...]]
    histories: Mapping[str, Mapping[str, tuple[History, ...]]]
    results: tuple[Result, ...]
    exits: tuple[Result, ...]
    foresight: tuple[Result, ...]
    thresholds: Mapping[str, float]
    readings: Mapping[str, str]
    currency: str
    costs_note: str
    horizon: int = 1
    title: str = ""
    membership: Membership | None = None
    left_out: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()
    jumps: tuple[Jump, ...] = ()
    slots: int = 1
    swept: str = ""
    exit_meanings: Mapping[str, str] = field(default_factory=dict)
    sensitivity: tuple[Point, ...] = ()
    calls: tuple[Calls, ...] = ()
    presets: tuple[BesidePreset, ...] = ()
    judgement: Judgement | None = None

    @property
    def naive_says(self) -> str:
        """What the naive forecast is, in words."""
        if self.horizon == 1:
            return "tomorrow's close is today's"
        return f"the close {self.horizon} sessions later is today's"

    @property
    def heading(self) -> str:
        """Heading of the page."""
        return self.title or self.account

    @property
    def tickers(self) -> tuple[str, ...]:
        """The tickers of the account."""
        return tuple(self.bars)

    @property
    def pooled(self) -> bool:
        """Whether the account trades a universe."""
        return self.account == UNIVERSE

    @property
    def simulated(self) -> bool:
        """Whether some of the bars are drawn from a random generator."""
        return any(bars.origin.simulated for bars in self.bars.values())

    @property
    def as_is(self) -> bool:
        """Whether some of the bars hold a close that no market allows, kept on the user's word."""
        return any(bars.origin.as_is for bars in self.bars.values())

    @property
    def by_forecaster(self) -> dict[str, tuple[Forecasts, ...]]:
        """Forecaster to its forecasts, one a ticker; naive first."""
        forecasts: dict[str, tuple[Forecasts, ...]] = {}
        for of_ticker in self.forecasts.values():
            for f in of_ticker:
                forecasts[f.forecaster] = (*forecasts.get(f.forecaster, ()), f)
        return forecasts

    @property
    def fits(self) -> dict[str, tuple[History, ...]]:
        """Forecaster to the training of its fits, those of all tickers."""
        fits: dict[str, tuple[History, ...]] = {}
        for of_ticker in self.histories.values():
            for name, histories in of_ticker.items():
                fits[name] = (*fits.get(name, ()), *histories)
        return fits

    @property
    def held(self) -> Result | None:
        """Buy and hold; never another rule that needs no forecast. None where it was not run."""
        return next((result for result in self.results if result.strategy == HELD), None)

    @property
    def ruled(self) -> tuple[Result, ...]:
        """The results that are judged: all but buy and hold and those on naive's forecasts."""
        return tuple(r for r in self.results if r.strategy != HELD and r.forecaster != "naive")
