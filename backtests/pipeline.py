"""The straight line: bars -> features -> forecasts -> backtests -> a study of each ticker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from backtests.broker import Broker
from backtests.engine import run_backtest
from backtests.history import History
from backtests.result import Result
from backtests.sensitivity import RunTasks, in_turn, sweep_all
from backtests.study import Study
from forecasters.bars import Bars
from forecasters.base import Forecaster
from forecasters.extras import Extra
from forecasters.features import Features, make_features
from forecasters.fit import Fit
from forecasters.forecasts import Forecasts
from forecasters.walk_forward import RunFits, WalkForward
from strategies.five_percent import EXITS, FivePercentRule
from strategies.rule import Rule

FORESIGHT = "perfect foresight"

#: By ticker (None: of all, pooled) and forecaster.
Fits = Mapping[tuple[str | None, str], tuple[Fit, ...]]


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


def fits_of(bars: Mapping[str, Bars], plan: Plan) -> Fits:
    """Return the fits by ticker and forecaster; those of a pooled forecaster belong to no ticker."""
    walk_forward = plan.walk_forward
    features = {ticker: features_of(own, plan) for ticker, own in bars.items()}
    fits: dict[tuple[str | None, str], tuple[Fit, ...]] = {}
    for label, forecaster in plan.forecasters.items():
        if forecaster.pooled:
            every = tuple(features.values())
            fits[None, label] = walk_forward.pooled_fits(forecaster, every, plan.seeds)
            continue
        for ticker, own in features.items():
            fits[ticker, label] = walk_forward.fits(forecaster, own, plan.seeds)
    return fits


def make_forecasts(
    fits: Fits, plan: Plan, tickers: Sequence[str], run_fits: RunFits
) -> tuple[dict[str, tuple[Forecasts, ...]], dict[str, dict[str, tuple[History, ...]]]]:
    """Return the forecasts of every forecaster and how its training went, both by ticker.

    All fits of all tickers go to `run_fits` at once: they are independent.
    """
    fitted = iter(run_fits([fit for group in fits.values() for fit in group]))
    answers = {key: [next(fitted) for _ in group] for key, group in fits.items()}
    forecasts: dict[str, tuple[Forecasts, ...]] = dict.fromkeys(tickers, ())
    histories: dict[str, dict[str, tuple[History, ...]]] = {ticker: {} for ticker in tickers}
    for ticker in tickers:
        for label, forecaster in plan.forecasters.items():
            key = (None if forecaster.pooled else ticker, label)
            group, own = fits[key], answers[key]
            forecasts[ticker] += (plan.walk_forward.collect(group, own, label, ticker),)
            histories[ticker][label] = tuple(
                History.of(fit, answer)
                for fit, answer in zip(group, own, strict=True)
                if fit.share(ticker)
            )
    return forecasts, histories


def backtest(
    bars: Bars,
    forecasts: Sequence[Forecasts],
    histories: Mapping[str, tuple[History, ...]],
    plan: Plan,
    broker: Broker,
    run: RunTasks = in_turn,
) -> Study:
    """Return the study of one ticker: each rule on each forecaster, one account each.

    `run` gets the accounts of the threshold sweep, which are many and independent.
    """

    def account(f: Forecasts, rule: Rule, label: str) -> Result:
        return run_backtest({bars.ticker: bars}, {bars.ticker: f}, rule, broker, label=label)

    forecasting = {label: rule for label, rule in plan.rules.items() if rule.needs_forecast}
    others = {label: rule for label, rule in plan.rules.items() if not rule.needs_forecast}
    perfect = perfect_foresight(forecasts[0])
    read = [rule for rule in forecasting.values() if isinstance(rule, FivePercentRule)][:1]
    models = [{bars.ticker: f} for f in forecasts if f.forecaster != "naive"]
    sessions = (str(forecasts[0].as_of[0]), str(bars.sessions[-1]))
    return Study(
        bars=bars,
        forecasts=tuple(forecasts),
        histories=histories,
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
        horizon=plan.walk_forward.horizon,
        sensitivity=tuple(
            point
            for rule in read
            for point in sweep_all({bars.ticker: bars}, models, rule, broker, run)
        ),
    )


def perfect_foresight(forecasts: Forecasts) -> Forecasts:
    """Return forecasts that know the next close: a measure of the market, never a result."""
    known = np.where(np.isfinite(forecasts.close), forecasts.actual, np.nan)  # none on a halt
    return replace(forecasts, forecaster=FORESIGHT, by_seed=known[None], seeds=())
