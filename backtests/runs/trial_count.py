"""What a run or a grid looked at, as trials of the ledger."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from backtests.judging.looks import forecast_looks, timing_look
from backtests.judging.sensitivity import swept_rule
from backtests.judging.timing import judge_timing
from backtests.statistics.sharpe import sharpe_of
from backtests.trials.look import FORECAST, TIMING, Look
from backtests.trials.trial import Scope, Trial, trial_key

if TYPE_CHECKING:
    from backtests.studies.study import Study
    from forecasters.bars import Bars
    from forecasters.forecasts import Forecasts
    from strategies.rule import Rule

#: Settings of a forecaster that say where it is computed, not what is computed.
WHERE = ("engine", "device")


def trials_of(
    study: Study, made_of: Mapping[str, Any], rules: Mapping[str, Rule], command: str = "run"
) -> tuple[Trial, ...]:
    """Return the trials of a study: forecasters, results, and every variant of the swept rule.

    Naive and buy and hold are no trials: the others are compared with them.

    Parameters
    ----------
    made_of : mapping
        Inputs and settings of the run, as its manifest has them.
    rules : mapping
        Label to rule, as in the plan.
    """
    inputs = {
        "walk_forward": made_of["walk_forward"],
        "features": made_of["features"],
        "extras": [
            e["columns"]
            for data in made_of["data"]
            for e in data["extras"]
            if data["ticker"] in study.bars
        ],
    }
    plan = {**inputs, "account": made_of["accounts"][study.account]}
    scope = scope_of(study)
    bars = bars_of(study)
    seeds = {name: list(told[0].seeds) for name, told in study.by_forecaster.items()}

    def trial(
        forecaster: str | None, rule: Mapping[str, Any], daily: Any, look: Look | None
    ) -> Trial:
        described = made_of["forecasters"][forecaster] if forecaster else None
        drawn = seeds[forecaster] if forecaster else None
        key = trial_key(forecaster=_what(described), seeds=drawn, rule=rule, plan=plan)
        return Trial(key, scope, sharpe_of(daily).value, command, bars, TIMING, look)

    trials = [
        Trial(
            trial_key(
                forecaster=_what(made_of["forecasters"][name]),
                seeds=seeds[name],
                rule=None,
                plan=inputs,
            ),
            scope,
            None,
            command,
            bars,
            FORECAST,
            look,
        )
        for name, look in forecast_looks(study.by_forecaster).items()
    ]
    tested = study.judgement.timing if study.judgement else judge_timing(study.ruled, study.bars)
    looks = {(timed.forecaster, timed.strategy): timing_look(timed) for timed in tested}
    trials += [
        trial(
            result.forecaster,
            made_of["strategies"][result.strategy],
            result.returns[1:],
            looks.get((result.forecaster, result.strategy)),
        )
        for result in study.ruled
    ]
    swept = swept_rule(rules)
    if swept is not None:
        described = made_of["strategies"][swept]
        settings = {(v.threshold, v.exit): asdict(v.rule) for v in rules[swept].variants()}
        for point in study.sensitivity:
            varied = {**described, "settings": settings[point.threshold, point.exit]}
            trials.append(trial(point.forecaster, varied, point.daily[1:], point.timed))
    return tuple({t.identity: t for t in reversed(trials)}.values())[::-1]


def trials_of_forecasters(
    bars: Bars, forecasts: Sequence[Forecasts], made_of: Mapping[str, Any], command: str
) -> tuple[Trial, ...]:
    """Return the trials of forecasters that were judged on their errors and traded by no rule.

    Parameters
    ----------
    made_of : mapping
        Inputs and settings of the search, as its manifest has them.
    """
    first = str(forecasts[0].as_of[0])
    scope = Scope((bars.ticker,), first, str(bars.sessions[-1]), bars.origin.simulated)
    columns = [extra["columns"] for data in made_of["data"] for extra in data["extras"]]
    plan = {"walk_forward": made_of["walk_forward"], "extras": columns}
    looks = forecast_looks({f.forecaster: (f,) for f in forecasts})
    trials = []
    for f in forecasts:
        if f.forecaster != "naive":
            described = _what(made_of["forecasters"][f.forecaster])
            key = trial_key(forecaster=described, seeds=list(f.seeds), rule=None, plan=plan)
            look = looks.get(f.forecaster)
            trials.append(Trial(key, scope, None, command, bars.digest, FORECAST, look))
    return tuple(trials)


def _what(forecaster: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return a described forecaster without where it is computed."""
    if forecaster is None:
        return None
    settings = {k: v for k, v in forecaster["settings"].items() if k not in WHERE}
    return {**forecaster, "settings": settings}


def scope_of(study: Study) -> Scope:
    """Return the prices that a study is judged on."""
    sessions = study.results[0].sessions
    tickers = tuple(sorted(study.bars))
    return Scope(tickers, str(sessions[0]), str(sessions[-1]), study.simulated)


def bars_of(study: Study) -> str:
    """Return the sha256 of the bars of a study, of several tickers that of their digests."""
    digests = [study.bars[ticker].digest for ticker in sorted(study.bars)]
    joined = hashlib.sha256("".join(digests).encode()).hexdigest()
    return digests[0] if len(digests) == 1 else joined
