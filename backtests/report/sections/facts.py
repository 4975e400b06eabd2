"""Where the bars of a study come from, what was done to them, and how the account is divided."""

from __future__ import annotations

from collections.abc import Sequence

from backtests.markets.jumps import BEYOND, LIQUIDATION, SUSPECT
from backtests.sources.missing import sentence as missing_prices
from backtests.studies.published import BesidePreset
from backtests.studies.study import Study
from backtests.universe.volume_steps import volume_steps
from backtests.writing.numbers import count, listed, percent
from forecasters.bars import Bars
from forecasters.preparation.outliers import OUTLIER


def facts(study: Study) -> list[tuple[str, str]]:
    """Return where the bars come from and what was done to them."""
    of_bars = facts_of_bars(list(study.bars.values()), study.pooled)
    outliers = [history.outliers for fits in study.fits.values() for history in fits]
    return [
        *([("Tickers", ", ".join(study.tickers))] if study.pooled else []),
        *of_bars,
        *facts_of_outliers(outliers),
        *(("Published settings", published_sentence(beside)) for beside in study.presets),
        *([("Parts", _parts(study))] if study.pooled else []),
        *(("Faulty row", fault.sentence(fault.ticker in study.left_out)) for fault in study.faults),
        *(("Volumes", text) for text in _volumes(study)),
        *(("Price jump", text) for text in _jumps(study)),
    ]


def _splits(every: Sequence[Bars]) -> list[str]:
    """Return the splits that the user's repair applied, a text a ticker."""
    return [
        f"{bars.ticker}: "
        + ", ".join(f"prices before {before} times {ratio}" for before, ratio in bars.origin.splits)
        + "; volumes divided by it (--repair, or the file of the universe)"
        for bars in every
        if bars.origin.splits
    ]


def facts_of_bars(every: Sequence[Bars], pooled: bool = False) -> list[tuple[str, str]]:
    """Return of bars: prices, what they are adjusted for, sessions, repairs, missing prices if any."""
    adjusted = {
        "splits": "splits, not dividends: dividends are missing from every line alike",
        "all": "splits and dividends",
        "none": "nothing",
        "unknown": "not known: the source does not say",
    }
    repaired = [
        f"{count(sum(bars.origin.dropped for bars in every), 'row')} without a session dropped",
        f"{count(sum(bars.halts for bars in every), 'halt')}: not traded, not judged",
        f"{count(sum(bars.widened for bars in every), 'high or low', 'highs or lows')} widened for rounding",
    ]
    bars = every[0]
    sessions = f"{len(bars):,} from {bars.sessions[0]} to {bars.sessions[-1]}, {bars.periods_per_year:.1f} a year"
    if pooled:
        sizes = sorted(len(series) for series in every)
        sessions = f"{sizes[0]:,} to {sizes[-1]:,} a ticker, {sum(sizes):,} in all"
    files = pooled and bars.origin.source == "csv"
    origins = dict.fromkeys(
        f"{o.source} ({'a file a ticker' if files else o.vendor}){', SIMULATED' if o.simulated else ''}"
        for o in (series.origin for series in every)
    )
    prices = dict.fromkeys(adjusted.get(o.origin.adjusted, o.origin.adjusted) for o in every)
    return [
        ("Prices", "; ".join(origins)),
        ("Adjusted for", "; ".join(prices)),
        ("Sessions", sessions),
        ("Repairs", "; ".join(repaired)),
        *(("Splits", splits) for splits in _splits(every)),
        *(
            ("As is", f"{bars.ticker}: a close moves as no market allows on {', '.join(days)}")
            for bars in every
            if (days := bars.origin.as_is)
        ),
        *_missing(every, pooled),
    ]


def _jumps(study: Study) -> list[str]:
    """Return the closes that no market allows and were not repaired, and what followed of each."""
    closed = study.membership.closed if study.membership else {}
    follows = {
        BEYOND: "kept as it is (--as-is)",
        LIQUIDATION: "taken for liquidation trading, which has no limit: a real loss",
        SUSPECT: "a split that the prices lack? Nothing was done",
    }
    return [
        f"{jump.what()}: "
        + (
            f"not bought and not forecast from {closed[jump.ticker]} on; an open position keeps its loss"
            if jump.ticker in closed and jump.kind == BEYOND
            else follows[jump.kind]
        )
        for jump in study.jumps
    ]


def _missing(every: Sequence[Bars], pooled: bool) -> list[tuple[str, str]]:
    """Return what was done with rows that lack a price, a row for each ticker that has some."""
    told = [(bars.ticker, missing_prices(bars)) for bars in every]
    return [
        ("Missing prices", f"{ticker}: {text}" if pooled else text) for ticker, text in told if text
    ]


def _volumes(study: Study) -> list[str]:
    """Return what is wrong with the volumes."""
    if membership := study.membership:
        return [step.sentence(membership.largest is not None) for step in membership.steps]
    steps = [step for bars in study.bars.values() for step in volume_steps(bars)]
    return [step.sentence(run="ticker") for step in steps]


def _parts(study: Study) -> str:
    return (
        f"{study.slots} equal parts of the equity, one a position; when more tickers are called than parts are free, "
        "the highest forecast over the close goes first, ties by ticker; sells go before buys"
    )


def published_sentence(beside: BesidePreset) -> str:
    """Return how a forecaster differs from what its source printed, and how to have that."""
    preset = beside.preset
    if not beside.differences:
        return (
            f"{beside.label} has the settings and inputs of {preset.about}; the source tests it on "
            f"--split {preset.split}"
        )
    other = [f"{d.name} {d.here} where that has {d.there}" for d in beside.differences]
    return (
        f"{beside.label} is not {preset.about}: {listed(other)}; as published it is --forecaster {beside.named} "
        f"--features {preset.features} --split {preset.split}"
    )


def facts_of_outliers(shares: Sequence[float]) -> list[tuple[str, str]]:
    """Return what shares of the training sessions a robust score calls outliers; none untrained."""
    if not shares:
        return []
    low, high = (percent(share, 1, sign=False) for share in (min(shares), max(shares)))
    span = low if low == high else f"{low} to {high}"
    sentence = (
        f"{span} of a fold's training sessions have an input with a robust score above {OUTLIER}; "
        "clipped only where a forecaster says clip"
    )
    return [("Outliers", sentence)]
