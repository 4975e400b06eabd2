"""The findings of a study in plain sentences, which open its page."""

from __future__ import annotations

from collections.abc import Mapping

from backtests.account.performance import FEW_TRADES, net
from backtests.account.result import Result, who
from backtests.report.rows import Value
from backtests.report.summary import Summary
from backtests.studies.study import Study
from backtests.writing.numbers import count, listed, percent, points


def findings(summary: Summary) -> list[str]:
    """Return the sentences that open the page: forecasts against naive, then rules against holding.

    They state figures and do not praise: a lower error over one period can be chance.
    """
    return [_forecast_finding(summary), *_rule_findings(summary.study)]


def _forecast_finding(summary: Summary) -> str:
    """Return the MAPE of the forecasters beside that of naive on the same days."""
    study = summary.study
    errors = {
        str(row["forecaster"]): row for row in summary.forecaster_rows if row["mape"] is not None
    }
    models = {name: float(row["mape"] or 0) for name, row in errors.items() if name != "naive"}
    if not models and "naive" in errors:
        naive = points(float(errors["naive"]["mape"] or 0))
        return f"Only naive was run: {study.naive_says} (MAPE {naive})."
    if study.pooled and models:
        return _over_tickers(study, errors)
    if not models:
        return "No forecaster can be judged against naive yet: no forecast has its outcome."
    beating = [
        name
        for name in sorted(models, key=lambda name: models[name])
        if errors[name]["beats_naive"]
    ]
    bar = float(errors[next(iter(models))]["mape_naive"] or 0)
    close = any(points(error) == points(bar) for error in models.values())
    digits = 3 if close else 2  # 1.46% is not lower than 1.46%
    naive = points(bar, digits)
    what = f"naive, which says that {study.naive_says} (MAPE {naive})"
    if beating:
        named = [f"{name} ({points(models[name], digits)})" for name in beating]
        them = f"{len(beating)} of {len(models)} forecasters had a lower error than {what}: {listed(named)}"
        if len(models) == 1:
            them = f"{named[0]} had a lower error than {what}"
        return f"{them}. The figure alone does not show that this is more than chance."
    best = min(models, key=lambda name: models[name])
    if len(models) == 1:
        return f"{best} had no lower error (MAPE {points(models[best], digits)}) than {what}."
    lowest = f"the lowest is {best} with {points(models[best], digits)}"
    return f"None of {len(models)} forecasters had a lower error than {what}; {lowest}."


def _over_tickers(study: Study, errors: Mapping[str, Mapping[str, Value]]) -> str:
    """Return on how many tickers the MAPE of each forecaster is below that of naive."""
    counts = [
        f"{name} {row['below_naive'] or 'none'} of {row['tickers']}"
        for name, row in errors.items()
        if name != "naive"
    ]
    caution = ""
    if any(row["below_naive"] for row in errors.values()):
        caution = " The count alone does not show that this is more than chance."
    return f"Tickers with a lower error than naive, which says that {study.naive_says}: {listed(counts)}.{caution}"


def _rule_findings(study: Study) -> list[str]:
    """Return what buy and hold earned, and which rules traded and ended above it."""
    held, ruled = study.held, study.ruled
    sentences = []
    if held:
        sessions = count(int(held.sessions.size), "session")
        earned = f"{_holding(study)} returned {percent(net(held))} after costs over {sessions}."
        if not held.trades:
            earned = f"Buy and hold never bought over {sessions}, so nothing is compared with it."
            if held.unaffordable:
                earned = f"Not even buy and hold could buy one share over {sessions}. Raise --cash."
        sentences.append(earned)
    combinations = f"{count(len(ruled), 'combination')} of forecaster and rule"
    if any(result.forecaster is None for result in ruled):
        combinations += " (a rule without forecast counts as one)"
    traded = [result for result in ruled if result.trades]
    if ruled and not traded:
        bought = f"None of {combinations} ever bought"
        if len(ruled) == 1:
            bought = f"{who(ruled[0])} never bought"
        below = " The diagnosis below says why." if study.thresholds else ""
        sentences.append(f"{bought}: the account stayed in cash.{below}")
    if traded:
        best = max(traded, key=net)
        beside = ""
        if held and held.trades:
            above = sum(net(result) > net(held) for result in traded)
            beside = f", and {above} of those ended above buy and hold"
        earned = f"{percent(net(best))} on {count(len(best.trades), 'purchase')}{_too_few(best)}"
        if len(ruled) == 1:
            ended = ""
            if held and held.trades:
                ended = (
                    f" and ended {'above' if net(best) > net(held) else 'not above'} buy and hold"
                )
            sentences.append(f"{who(best)} traded{ended}, after costs: {earned}.")
            return sentences
        sentences.append(
            f"{len(traded)} of {combinations} traded{beside}; "
            f"the highest after costs is {who(best)}: {earned}."
        )
    return sentences


def _holding(study: Study) -> str:
    if study.pooled:
        return f"Buy and hold of {count(len(study.tickers), 'ticker')} in equal parts"
    return "Buy and hold"


def _too_few(result: Result) -> str:
    """Return the caution for fewer than 30 closed trades, a limit that is our convention."""
    return "" if result.closed >= FEW_TRADES else ", too few to tell skill from luck"
