"""The straight line: bars -> features -> forecasts -> backtests -> a study of each account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from backtests.account.engine import run_backtest
from backtests.account.result import Result
from backtests.jobs.parallel import RunTasks, in_turn
from backtests.judging.calls import judge_calls
from backtests.judging.sensitivity import sweep_all
from backtests.sources.faults import Fault
from backtests.studies.judge import judge
from backtests.studies.plan import Account, Fits, Plan
from backtests.studies.study import HELD, Study
from backtests.studies.training import History
from backtests.universe.membership import Membership
from forecasters.bars import Bars
from forecasters.features import Features, make_features
from forecasters.forecasts import Forecasts
from forecasters.walk_forward import RunFits
from forecasters.walk_forward.fit import Fit
from strategies.five_percent import EXITS, FivePercentRule
from strategies.rule import Rule

FORESIGHT = "perfect foresight"


def features_of(bars: Bars, plan: Plan) -> Features:
    """Return the inputs of one ticker, known in time for a first training."""
    walk_forward = plan.walk_forward
    features = make_features(bars, plan.features, walk_forward.horizon, plan.extras)
    lookback = max(forecaster.lookback for forecaster in plan.forecasters.values())
    features.require(lookback, walk_forward.split(bars.sessions)[0].fit)
    return features


def fits_of(bars: Mapping[str, Bars], plan: Plan) -> Fits:
    """Return the fits by ticker and forecaster; those of a pooled forecaster belong to no ticker.

    By the names of the forecasters, in whatever order they were typed: a fit is kept under its
    number, and the key, which knows no order, says that a number means the same fit.
    """
    walk_forward = plan.walk_forward
    features = {ticker: features_of(own, plan) for ticker, own in bars.items()}
    fits: dict[tuple[str | None, str], tuple[Fit, ...]] = {}
    for label, forecaster in sorted(plan.forecasters.items()):
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
    account: Account,
    bars: Mapping[str, Bars],
    forecasts: Mapping[str, tuple[Forecasts, ...]],
    histories: Mapping[str, Mapping[str, tuple[History, ...]]],
    plan: Plan,
    membership: Membership | None = None,
    run: RunTasks = in_turn,
    faults: Sequence[Fault] = (),
) -> Study:
    """Return the study of one account: each rule on each forecaster, by itself.

    Buy and hold is the line of the market: all tickers in equal parts, each from its first open
    on, whichever of them the rules may buy. `run` gets the accounts of the threshold sweep and of the
    shifts, which are many and independent.
    """
    members = None
    if membership is not None and membership.largest is not None:
        members = {ticker: membership.members[ticker] for ticker in bars}
    everything = replace(account.broker, slots=len(bars))

    def trade(of: Mapping[str, Forecasts], rule: Rule, label: str) -> Result:
        if label == HELD:
            return run_backtest(bars, of, rule, everything, account=account.name, label=label)
        return run_backtest(
            bars, of, rule, account.broker, account=account.name, label=label, members=members
        )

    told = [
        {ticker: own[i] for ticker, own in forecasts.items()}
        for i in range(len(next(iter(forecasts.values()))))
    ]
    forecasting = {label: rule for label, rule in plan.rules.items() if rule.needs_forecast}
    others = {label: rule for label, rule in plan.rules.items() if not rule.needs_forecast}
    perfect = {ticker: perfect_foresight(own) for ticker, own in told[0].items()}
    read = [rule for rule in forecasting.values() if isinstance(rule, FivePercentRule)][:1]
    results = [trade(of, rule, label) for of in told for label, rule in forecasting.items()]
    results += [trade(told[0], rule, label) for label, rule in others.items()]
    models = [of for of in told if next(iter(of.values())).forecaster != "naive"]
    first, last = str(results[0].sessions[0]), str(results[0].sessions[-1])
    study = Study(
        account=account.name,
        bars=bars,
        forecasts=forecasts,
        histories=histories,
        results=tuple(results),
        exits=tuple(
            trade(of, replace(rule, exit=exit_), f"exit={exit_}")
            for rule in read
            for of in told
            for exit_ in EXITS
        ),
        foresight=tuple(trade(perfect, rule, label) for label, rule in forecasting.items()),
        thresholds={
            label: rule.threshold
            for label, rule in forecasting.items()
            if hasattr(rule, "threshold")
        },
        readings={label: rule.reading() for label, rule in plan.rules.items()},
        currency=account.broker.costs.market.currency,
        costs_note=account.broker.note(bars.values(), first, last),
        horizon=plan.walk_forward.horizon,
        title=account.title,
        membership=membership,
        left_out=tuple(ticker for ticker in account.tickers if ticker not in bars),
        faults=tuple(faults),
        slots=account.broker.slots,
        sensitivity=tuple(
            point
            for rule in read
            for point in sweep_all(
                bars, models, rule, account.broker, partial(run, what="thresholds"), members
            )
        ),
        calls=tuple(
            judge_calls(
                bars, of, rule.threshold, account.broker.costs, fill=rule.fill, strategy=label
            )
            for label, rule in forecasting.items()
            if hasattr(rule, "threshold")
            for of in models
        ),
    )
    shifted = partial(run, what="shifted forecasts")
    judgement = judge(study, plan.rules, account.broker, plan.shifts, shifted, members)
    return replace(study, judgement=judgement)


def perfect_foresight(forecasts: Forecasts) -> Forecasts:
    """Return forecasts that know the next close: a measure of the market, never a result."""
    centre = np.zeros(len(forecasts))  # of a forecaster without error
    known = np.where(np.isfinite(forecasts.close), forecasts.actual, np.nan)  # none on a halt
    return replace(forecasts, forecaster=FORESIGHT, by_seed=known[None], seeds=(), centre=centre)
