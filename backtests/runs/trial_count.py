"""What a run or a grid looked at, as trials of the ledger."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from backtests.statistics.sharpe import sharpe_of
from backtests.trials.trial import Scope, Trial, trial_key

if TYPE_CHECKING:
    from backtests.studies.study import Study
    from forecasters.bars import Bars
    from forecasters.forecasts import Forecasts
    from strategies.rule import Rule

#: Settings of a forecaster that say where it is computed, not what.
WHERE = ("engine", "device")


def trials_of(
    study: Study, made_of: Mapping[str, Any], rules: Mapping[str, Rule], command: str = "run"
) -> tuple[Trial, ...]:
    """Return the trials of a study: its results, and every threshold and exit of the sweep.

    Naive and buy and hold are what one is compared with, and are not trials.

    Parameters
    ----------
    made_of : mapping
        What the run is made of, as its manifest has it.
    rules : mapping
        Label to rule, as in the plan.
    """
    from strategies.five_percent import FivePercentRule

    plan = {
        "walk_forward": made_of["walk_forward"],
        "features": made_of["features"],
        "extras": [e["columns"] for data in made_of["data"] for e in data["extras"]
                   if data["ticker"] in study.bars],
        "account": made_of["accounts"][study.account],
    }  # fmt: skip
    scope = scope_of(study)
    bars = bars_of(study)

    def trial(forecaster: str | None, rule: Mapping[str, Any], daily: Any) -> Trial:
        told = made_of["forecasters"][forecaster] if forecaster else None
        key = trial_key(forecaster=_what(told), rule=rule, plan=plan)
        return Trial(key, scope, sharpe_of(daily).value, command, bars)

    found = [
        trial(result.forecaster, made_of["strategies"][result.strategy], result.returns[1:])
        for result in study.ruled
    ]
    read = next((name for name, r in rules.items() if isinstance(r, FivePercentRule)), None)
    for point in study.sensitivity if read else ():
        rule = made_of["strategies"][read]
        varied = {**rule["settings"], "threshold": point.threshold, "exit": point.exit}
        found.append(trial(point.forecaster, {**rule, "settings": varied}, point.daily[1:]))
    return tuple({t.identity: t for t in reversed(found)}.values())[::-1]


def trials_of_forecasters(
    bars: Bars, forecasts: Sequence[Forecasts], made_of: Mapping[str, Any], command: str
) -> tuple[Trial, ...]:
    """Return the trials of forecasters that were judged on their errors and traded by no rule.

    Parameters
    ----------
    made_of : mapping
        What the search is made of, as its manifest has it.
    """
    first = str(forecasts[0].as_of[0])
    scope = Scope((bars.ticker,), first, str(bars.sessions[-1]), bars.origin.simulated)
    columns = [extra["columns"] for data in made_of["data"] for extra in data["extras"]]
    plan = {"walk_forward": made_of["walk_forward"], "extras": columns}
    found = [
        trial_key(forecaster=_what(made_of["forecasters"][f.forecaster]), rule=None, plan=plan)
        for f in forecasts
        if f.forecaster != "naive"
    ]
    return tuple(Trial(key, scope, None, command, bars.digest) for key in found)


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
