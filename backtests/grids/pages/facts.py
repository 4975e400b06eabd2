"""What a grid was made of, in words: what was crossed, the sessions, the inputs, the seeds."""

from __future__ import annotations

from backtests.grids.results.grid_outcome import GridOutcome
from backtests.report.sections.facts import facts_of_bars, facts_of_outliers
from backtests.universe.volume_steps import volume_steps
from backtests.writing.numbers import count, listed, percent
from forecasters.bars import Days
from forecasters.walk_forward.folds import Fold


def crossed_words(outcome: GridOutcome) -> str:
    """Return what was crossed: ``6 combinations of cnn (3 filters x 2 activation)``."""
    crossed = [entry for entry in outcome.models if entry.variant.crossed]
    bases = list(dict.fromkeys(entry.variant.base for entry in crossed))
    fields = " x ".join(f"{len(v)} {name}" for name, v in outcome.search.crossing.axes.items())
    return f"{count(len(crossed), 'combination')} of {listed(bases)} ({fields})"


def span_of(outcome: GridOutcome) -> str:
    """Return what was crossed, what stands beside the grid, and the first and last session."""
    beside = [entry.label for entry in outcome.models if not entry.variant.crossed]
    also = f", beside {listed(beside)}" if beside else ""
    first, last = (outcome.bars.sessions[row] for row in (0, -1))
    return f"{crossed_words(outcome)}{also}. Daily bars {first} to {last}."


def facts_of(outcome: GridOutcome) -> list[tuple[str, str]]:
    """Return names and texts of the list of facts."""
    outliers = [history.outliers for entry in outcome.models for history in entry.histories]
    features = dict.fromkeys(entry.variant.features for entry in outcome.models)
    seeds = outcome.search.seeds
    return [
        *facts_of_bars([outcome.bars]),
        *facts_of_outliers(outliers),
        ("Rows", _rows(outcome)),
        ("Inputs", listed(list(features))),
        ("Seeds", f"{len(seeds)} ({', '.join(map(str, seeds))})"),
        *(("Volumes", step.sentence(run="grid")) for step in volume_steps(outcome.bars)),
    ]


def _rows(outcome: GridOutcome) -> str:
    """Return which sessions were fitted on, watched and forecast."""
    sessions = outcome.bars.sessions
    folds = outcome.search.walk_forward.split(sessions)
    first = _fold_words(folds[0], sessions)
    if outcome.refitted:
        judged = folds[0].joined().fit
        share = percent(len(judged) / len(sessions), 0, sign=False)
        first += f"; judged after a second fit on fit and validation ({len(judged):,}, {share})"
    return first if len(folds) == 1 else f"walk-forward, {len(folds)} folds; the first: {first}"


def _fold_words(fold: Fold, sessions: Days) -> str:
    """Return the first and last session, the number and the share of each part of a fold."""
    parts = []
    for name in ("fit", "validation", "test"):
        rows = getattr(fold, name)
        if rows:
            share = percent(len(rows) / len(sessions), 0, sign=False)
            first, last = sessions[rows.start], sessions[rows.stop - 1]
            parts.append(f"{name} {first} to {last} ({len(rows):,}, {share})")
    return ", ".join(parts)
