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
from backtests.judging.sensitivity import Point, sweep, swept_rule
from backtests.markets.jumps import Jump
from backtests.sources.faults import Fault
from backtests.studies.judge import judge
from backtests.studies.plan import Account, Fits, Plan
from backtests.studies.published import beside_presets
from backtests.studies.study import HELD, Study
from backtests.studies.training import History
from backtests.universe.membership import Membership
from forecasters.bars import Bars
from forecasters.features import Features, make_features
from forecasters.forecasts import Forecasts
from forecasters.walk_forward import RunFits
from forecasters.walk_forward.fit import Fit
from strategies.rule import Rule
from strategies.variants import by_exit

FORESIGHT = "perfect foresight"


def features_of(bars: Bars, plan: Plan) -> Features:
    """Return the inputs of one ticker, after a check that they suffice for the first training."""
    walk_forward = plan.walk_forward
    features = make_features(bars, plan.features, walk_forward.horizon, plan.extras)
    lookback = max(forecaster.lookback for forecaster in plan.forecasters.values())
    features.require(lookback, walk_forward.split(bars.sessions)[0].fit)
    return features


def fits_of(bars: Mapping[str, Bars], plan: Plan) -> Fits:
    """Return the fits by ticker and forecaster; those of a pooled forecaster belong to no ticker.

    They are sorted by the names of the forecasters, in whatever order the user named them: the key of the run
    knows no order.
    """
    walk_forward = plan.walk_forward
    features = {ticker: features_of(of_ticker, plan) for ticker, of_ticker in bars.items()}
    fits: dict[tuple[str | None, str], tuple[Fit, ...]] = {}
    for label, forecaster in sorted(plan.forecasters.items()):
        if forecaster.pooled:
            every = tuple(features.values())
            fits[None, label] = walk_forward.pooled_fits(forecaster, every, plan.seeds)
            continue
        for ticker, of_ticker in features.items():
            fits[ticker, label] = walk_forward.fits(forecaster, of_ticker, plan.seeds)
    return fits


def make_forecasts(
    fits: Fits, plan: Plan, tickers: Sequence[str], run_fits: RunFits
) -> tuple[dict[str, tuple[Forecasts, ...]], dict[str, dict[str, tuple[History, ...]]]]:
    """Return the forecasts of every forecaster and the training of its fits, both by ticker.

    `run_fits` gets all fits of all tickers at once: they are independent.
    """
    fitted = iter(run_fits([fit for group in fits.values() for fit in group]))
    answers = {key: [next(fitted) for _ in group] for key, group in fits.items()}
    forecasts: dict[str, tuple[Forecasts, ...]] = dict.fromkeys(tickers, ())
    histories: dict[str, dict[str, tuple[History, ...]]] = {ticker: {} for ticker in tickers}
    for ticker in tickers:
        for label, forecaster in plan.forecasters.items():
            key = (None if forecaster.pooled else ticker, label)
            group, fitted_group = fits[key], answers[key]
            forecasts[ticker] += (plan.walk_forward.collect(group, fitted_group, label, ticker),)
            histories[ticker][label] = tuple(
                History.of(fit, answer)
                for fit, answer in zip(group, fitted_group, strict=True)
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
    jumps: Sequence[Jump] = (),
) -> Study:
    """Return the study of one account: each rule on each forecaster, by itself.

    Buy and hold stands for the market: all tickers in equal parts, each from its first open on,
    whichever of them the rules may buy. Rules with a threshold are diagnosed and their calls are
    judged; the first rule with variants (`swept_rule`) is run under its other exits and thresholds.
    `run` gets the accounts of the sweep and of the shifts, which are many and independent.
    """
    members, sound = None, None
    if membership is not None and (membership.largest is not None or membership.closed):
        members = {ticker: membership.members[ticker] for ticker in bars}
    if membership is not None and membership.closed:
        sound = {
            t: bars[t].sessions < np.datetime64(day)
            for t, day in membership.closed.items()
            if t in bars
        }
    everything = replace(account.broker, slots=len(bars))

    def trade(by_ticker: Mapping[str, Forecasts], rule: Rule, label: str) -> Result:
        holding = label == HELD
        return run_backtest(
            bars,
            by_ticker,
            rule,
            everything if holding else account.broker,
            account=account.name,
            label=label,
            members=sound if holding else members,
        )

    by_forecaster = [
        {ticker: of_ticker[i] for ticker, of_ticker in forecasts.items()}
        for i in range(len(next(iter(forecasts.values()))))
    ]
    naive = by_forecaster[0]
    forecasting = {label: rule for label, rule in plan.rules.items() if rule.needs_forecast}
    others = {label: rule for label, rule in plan.rules.items() if not rule.needs_forecast}
    perfect = {ticker: perfect_foresight(f) for ticker, f in naive.items()}
    results = [
        trade(by_ticker, rule, label)
        for by_ticker in by_forecaster
        for label, rule in forecasting.items()
    ]
    results += [trade(naive, rule, label) for label, rule in others.items()]
    models = [b for b in by_forecaster if next(iter(b.values())).forecaster != "naive"]
    thresholds = {
        label: needed for label, rule in forecasting.items() if (needed := rule.needs()) is not None
    }
    label_swept = swept_rule(plan.rules)
    swept = None if label_swept is None else plan.rules[label_swept]
    exits = by_exit(swept) if swept else {}
    points: tuple[Point, ...] = ()
    if swept:
        run_sweep = partial(run, what="thresholds")
        points = sweep(bars, models, swept, account.broker, run_sweep, members)
    first, last = str(results[0].sessions[0]), str(results[0].sessions[-1])
    study = Study(
        account=account.name,
        bars=bars,
        forecasts=forecasts,
        histories=histories,
        results=tuple(results),
        exits=tuple(
            trade(by_ticker, rule, f"exit={name}")
            for by_ticker in by_forecaster
            for name, rule in exits.items()
        ),
        foresight=tuple(trade(perfect, rule, label) for label, rule in forecasting.items()),
        thresholds=thresholds,
        presets=beside_presets(plan),
        readings={label: rule.reading() for label, rule in plan.rules.items()},
        currency=account.broker.costs.market.currency,
        costs_note=account.broker.note(bars.values(), first, last),
        horizon=plan.walk_forward.horizon,
        title=account.title,
        membership=membership,
        left_out=tuple(ticker for ticker in account.tickers if ticker not in bars),
        faults=tuple(faults),
        jumps=tuple(jump for jump in jumps if jump.ticker in account.tickers),
        slots=account.broker.slots,
        swept=label_swept or "",
        exit_meanings={name: swept.exits[name] for name in exits} if swept else {},
        sensitivity=points,
        calls=tuple(
            judge_calls(
                bars,
                by_ticker,
                needed,
                account.broker.costs,
                fill=forecasting[label].fill,
                strategy=label,
            )
            for label, needed in thresholds.items()
            for by_ticker in models
        ),
    )
    shifted = partial(run, what="shifted forecasts")
    judgement = judge(study, plan.rules, account.broker, plan.shifts, shifted, members)
    return replace(study, judgement=judgement)


def perfect_foresight(forecasts: Forecasts) -> Forecasts:
    """Return forecasts that know the next close: a measure of the market, never a result."""
    centre = np.zeros(len(forecasts))  # a forecaster without error has none
    known = np.where(np.isfinite(forecasts.close), forecasts.actual, np.nan)  # NaN on a halt
    return replace(forecasts, forecaster=FORESIGHT, by_seed=known[None], seeds=(), centre=centre)
