"""The straight line: bars -> features -> forecasts -> backtests -> a study of each ticker."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from backtests.broker import Broker
from backtests.engine import run_backtest
from backtests.result import Result
from backtests.study import Study
from forecasters.bars import Bars
from forecasters.base import Forecaster
from forecasters.extras import Extra
from forecasters.features import Features, make_features
from forecasters.fit import Fitted
from forecasters.forecasts import Forecasts
from forecasters.walk_forward import RunFits, WalkForward
from strategies.five_percent import EXITS, FivePercentRule
from strategies.rule import Rule

FORESIGHT = "perfect foresight"


@dataclass(frozen=True, eq=False)
class Plan:
    """What to do with bars, with every name resolved.

    Attributes
    ----------
    forecasters : mapping
        Label to forecaster, naive first.
    rules : mapping
        Label to rule, buy_and_hold last.
    """

    forecasters: Mapping[str, Forecaster]
    rules: Mapping[str, Rule]
    walk_forward: WalkForward
    features: str
    seeds: tuple[int, ...]
    extras: tuple[Extra, ...] = ()


def features_of(bars: Bars, plan: Plan) -> Features:
    """Return the inputs of one ticker, known in time for a first training."""
    walk_forward = plan.walk_forward
    features = make_features(bars, plan.features, walk_forward.horizon, plan.extras)
    lookback = max(forecaster.lookback for forecaster in plan.forecasters.values())
    features.require(lookback, walk_forward.split(bars.sessions)[0].fit)
    return features


def make_forecasts(
    bars: Mapping[str, Bars], plan: Plan, run_fits: RunFits
) -> tuple[dict[str, tuple[Forecasts, ...]], dict[str, dict[str, tuple[tuple[float, ...], ...]]]]:
    """Return the forecasts of every forecaster and its mean losses by epoch, both by ticker.

    All fits of all tickers go to `run_fits` at once: they are independent.
    """
    groups = {
        (ticker, label): plan.walk_forward.fits(forecaster, features, plan.seeds)
        for ticker in bars
        for features in [features_of(bars[ticker], plan)]
        for label, forecaster in plan.forecasters.items()
    }
    fitted = iter(run_fits([fit for fits in groups.values() for fit in fits]))
    forecasts: dict[str, tuple[Forecasts, ...]] = dict.fromkeys(bars, ())
    losses: dict[str, dict[str, tuple[tuple[float, ...], ...]]] = {ticker: {} for ticker in bars}
    for (ticker, label), fits in groups.items():
        answers = _take(fitted, len(fits))
        forecasts[ticker] += (plan.walk_forward.collect(fits, answers, label),)
        if answers[0].train_loss.size:
            losses[ticker][label] = (
                tuple(np.mean([a.train_loss for a in answers], axis=0).tolist()),
                tuple(np.mean([a.validation_loss for a in answers], axis=0).tolist()),
            )
    return forecasts, losses


def _take(answers: Iterator[Fitted], n: int) -> list[Fitted]:
    return [next(answers) for _ in range(n)]


def backtest(
    bars: Bars,
    forecasts: Sequence[Forecasts],
    losses: Mapping[str, tuple[tuple[float, ...], ...]],
    plan: Plan,
    broker: Broker,
) -> Study:
    """Return the study of one ticker: each rule on each forecaster, one account each."""

    def account(f: Forecasts, rule: Rule, label: str) -> Result:
        return run_backtest({bars.ticker: bars}, {bars.ticker: f}, rule, broker, label=label)

    forecasting = {label: rule for label, rule in plan.rules.items() if rule.needs_forecast}
    others = {label: rule for label, rule in plan.rules.items() if not rule.needs_forecast}
    perfect = perfect_foresight(forecasts[0])
    read = [rule for rule in forecasting.values() if isinstance(rule, FivePercentRule)][:1]
    sessions = (str(forecasts[0].as_of[0]), str(bars.sessions[-1]))
    return Study(
        bars=bars,
        forecasts=tuple(forecasts),
        losses={label: (fit, watched) for label, (fit, watched) in losses.items()},
        results=tuple(
            account(f, rule, label) for f in forecasts for label, rule in forecasting.items()
        )
        + tuple(account(forecasts[0], rule, label) for label, rule in others.items()),
        exits=tuple(
            account(f, replace(rule, exit=exit_), f"exit={exit_}")
            for rule in read
            for f in forecasts
            for exit_ in EXITS
        ),
        foresight=tuple(account(perfect, rule, label) for label, rule in forecasting.items()),
        thresholds={
            label: rule.threshold
            for label, rule in forecasting.items()
            if hasattr(rule, "threshold")
        },
        readings={label: rule.reading() for label, rule in plan.rules.items()},
        currency=broker.costs.market.currency,
        costs_note=broker.costs.note(*sessions),
    )


def perfect_foresight(forecasts: Forecasts) -> Forecasts:
    """Return forecasts that know the next close: a measure of the market, never a result."""
    known = np.where(np.isfinite(forecasts.close), forecasts.actual, np.nan)  # none on a halt
    return replace(forecasts, forecaster=FORESIGHT, by_seed=known[None], seeds=())
