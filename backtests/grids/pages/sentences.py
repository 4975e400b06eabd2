"""What a grid found, in sentences: the verdict at the top of its page, and the findings below it."""

from __future__ import annotations

from dataclasses import replace

from backtests.grids.crossing import PartlyCrossed
from backtests.grids.pages.choices import label_of
from backtests.grids.results.beside_s3 import BesideS3
from backtests.grids.results.grid_outcome import GridOutcome
from backtests.grids.results.judged_grid import (
    JudgedGrid,
    LevelCorrelations,
    OverallGrid,
    SeedsMove,
)
from backtests.grids.results.luck import Luck
from backtests.grids.results.selection import Selection
from backtests.grids.s3 import S3_DATA, S3_TRAIN
from backtests.judging.overall import Looked, overall_forecast
from backtests.judging.skill import Judged
from backtests.judging.verdict import CANNOT_SAY, SAME, WORSE, forecast_verdict
from backtests.report.sections.skill import sentences as skill_sentences
from backtests.report.sections.verdict import forecast_sentence, headline
from backtests.statistics.overfitting import Overfit
from backtests.writing.numbers import count, listed, number, p_text, percent, points, probability

#: A difference of MAPE below this, in percentage points, would round to 0.00.
SHOWN = 0.005


def verdict_sentences(grid: JudgedGrid, overall: OverallGrid | None = None) -> list[str]:
    """Return the verdict on all forecasters, then that on the choice.

    Parameters
    ----------
    overall : OverallGrid or None
        What was looked at on these prices; None: the verdicts of the grid stand alone.
    """
    judged = grid.skill.judged
    alone = headline([forecast_verdict(one, len(judged)) for one in judged])
    if overall is None or overall.grid.alone:
        return [*alone, *_chosen(grid, None)]
    counted = [overall_forecast(one, len(judged), overall.grid) for one in judged]
    worth = number(overall.grid.independent, 1)
    return [
        *headline(counted),
        f"That counts {count(overall.trials, 'trial')} on these prices, worth {worth} independent looks.",
        *_chosen(grid, overall.choice),
        *(f"This grid alone: {sentence}" for sentence in (*alone, *_chosen(grid, None))),
    ]


def _chosen(grid: JudgedGrid, looked: Looked | None) -> list[str]:
    """Return the verdict on the choice made on the validation rows; nothing where none was made."""
    if not grid.by_validation or not grid.choice or len(grid.skill.judged) < 2:
        return []
    one_for_all = grid.by_validation.place is not None
    name = label_of(grid.by_validation) if one_for_all else "the choice made anew for each fold"
    named = replace(grid.choice, forecaster=name)
    verdict = overall_forecast(named, 1, looked) if looked else forecast_verdict(named, 1)
    return [f"Chosen on the validation rows, judged once: {forecast_sentence(verdict)}"]


def finding_sentences(grid: JudgedGrid) -> list[str]:
    """Return what the grid found."""
    if grid.naive_mape is None:
        return ["No forecast of the test rows has its outcome yet: nothing can be judged."]
    return [
        _below(grid),
        fits_sentence(grid.outcome),
        *_choices(grid),
        *([_seeds(grid.seeds_move)] if grid.seeds_move else []),
        *skill_sentences(grid.skill),
        *(luck_sentences(grid.luck) if grid.luck else []),
        *(_levels(grid.levels) if grid.levels else []),
        *(partly_sentence(field) for field in grid.outcome.search.crossing.partly),
        *(_beside_s3(grid.beside_s3) if grid.beside_s3 else _not_beside_s3(grid)),
    ]


def fits_sentence(outcome: GridOutcome) -> str:
    """Return which fits the errors on the test rows come from: the same kind for every forecaster."""
    if not outcome.refitted:
        return "Every forecaster was fitted once, on all rows before the test."
    return (
        "Every forecaster was fitted twice: first on the fit rows, to choose by the validation rows; then again, with "
        "the same seed and number of epochs, on fit and validation rows together. Every error on the test rows, "
        "of the ranking too, is that of the second fit."
    )


def partly_sentence(field: PartlyCrossed) -> str:
    """Return for which forecasters a field is crossed, and which lack it."""
    have = "has" if len(field.lacking) == 1 else "have"
    return (
        f"{field.name} is crossed for {listed(list(field.crossed))} only: {listed(list(field.lacking))} "
        f"{have} no such setting."
    )


def _below(grid: JudgedGrid) -> str:
    """Return how many forecasters have a lower error than naive, and what naive is."""
    below, days = grid.below_naive, count(grid.rows[0]["rows"], "test day")
    if grid.models == 1:
        had = f"{grid.rows[1]['forecaster']} had {'a' if below else 'no'}"
    else:
        had = f"{below or 'None'} of {grid.models} forecasters had a"
    horizon = grid.outcome.search.walk_forward.horizon
    close = "tomorrow's close" if horizon == 1 else f"the close in {horizon} sessions"
    return (
        f"{had} lower error on the {days} than naive, which says that {close} is today's and has a "
        f"MAPE of {points(grid.naive_mape)}."
    )


def _choices(grid: JudgedGrid) -> list[str]:
    """Return both choices, and what their difference says."""
    if grid.models == 1:
        return ["There is one forecaster beside naive, so nothing was chosen."]
    sentences = [_on_validation(grid, grid.by_validation) if grid.by_validation else _none(grid)]
    if grid.by_test is None:
        return sentences
    sentences.append(
        f"The lowest test MAPE, {points(grid.by_test.metrics['mape'])}, is that of {label_of(grid.by_test)}. "
        "S3 chooses in this way. This choice is in-sample: it was made after the test was seen, and one of "
        f"{grid.models} always has the lowest error."
    )
    if grid.by_validation and grid.by_validation.labels == grid.by_test.labels:
        sentences.append("Both choices are the same forecaster.")
    elif grid.test_gain is not None:
        sentences.append(_difference(grid.test_gain))
    if grid.correlation is not None:
        sentences.append(
            f"Over all {grid.models}, validation MAPE and test MAPE have a rank correlation of "
            f"{number(grid.correlation, 2, sign=True)} (1 is the same order, 0 none)."
        )
    return sentences


def _none(grid: JudgedGrid) -> str:
    """Return why nothing could be chosen on the validation rows, and what to do."""
    has_rows = all(fold.watched.any() for fold in grid.outcome.naive.inside)
    why = "No validation row can be judged" if has_rows else "There are no validation rows"
    flags = "other rows by --split or --validation" if has_rows else "--validation"
    return f"{why}, so nothing could be chosen before the test was seen: name {flags}."


def _on_validation(grid: JudgedGrid, selection: Selection) -> str:
    if selection.place is None:
        whose, place = "their joint", ""
    else:
        whose, place = "its", f", place {selection.place} of {grid.models}"
    return (
        f"Chosen on the validation rows, before the test: {label_of(selection)}. Judged once, {whose} test MAPE "
        f"is {points(selection.metrics['mape'])}{place}{_verdict(grid.choice)}."
    )


def _verdict(choice: Judged | None) -> str:
    """Return the word on the choice, as `backtests/judging/verdict.py` has it, with its p."""
    if choice is None or (word := forecast_verdict(choice).word) == CANNOT_SAY:
        return ""
    preposition = "from" if word == SAME else "than"
    p = choice.absolute.p_worse if word == WORSE else choice.absolute.p_better
    return f", {word} {preposition} naive (p {p_text(p)})"


def _difference(gain: float) -> str:
    """Return what a difference of the two test errors, in percentage points, says."""
    if not gain:
        return "Both choices have the same test MAPE."
    size = number(abs(gain)) if abs(gain) >= SHOWN else "less than 0.01"
    if gain > 0:
        return f"Choosing on the test rows makes the result look {size} points better."
    return (
        f"The choice made anew before each fold has an error {size} points lower than any single "
        "forecaster over all folds."
    )


def _seeds(move: SeedsMove) -> str:
    """Return what the seed alone changes."""
    return (
        f"The seed alone moves the test MAPE of a setting by up to {number(move.most)} points "
        f"({move.forecaster}), in the median by {number(move.median)}: highest less lowest of {move.seeds} "
        "seeds. The ranking is that of the mean forecast over the seeds."
    )


def luck_sentences(luck: Luck) -> list[str]:
    """Return what luck makes of the lowest test error: the deflated gain, and overfitting."""
    return [_deflated(luck), _overfit(luck.overfit)]


def _deflated(luck: Luck) -> str:
    if luck.ratio is None or luck.expected is None or luck.deflated is None:
        return f"The lowest test error was not deflated for {luck.trials} forecasters: {luck.why}."
    expected = number(luck.expected, 2, sign=True)
    return (
        f"Deflated for {luck.trials} forecasters: the daily gain on naive of {luck.forecaster}, which is naive's "
        f"absolute error of the log return less its own, has a mean of {number(luck.ratio, 2, sign=True)} standard "
        f"deviations. The best of {luck.trials} without skill is expected to have {expected}. "
        f"The probability that its true ratio is above that is {probability(luck.deflated)} (deflated "
        "Sharpe ratio, with gains in place of returns: a grid trades nothing)."
    )


def _overfit(overfit: Overfit) -> str:
    if overfit.pbo is None:
        return f"The probability of overfitting is not known: {overfit.why}."
    return (
        f"Probability of overfitting by the test error: {percent(overfit.pbo, 0, sign=False)}. In that share of the "
        f"{overfit.splits:,} ways to halve the {count(overfit.rows, 'test day')}, the lowest mean error of one half "
        "is not above the middle in the other; about 50% is what luck gives. It says whether the order holds, not "
        "whether any of them is better than naive."
    )


def _levels(levels: LevelCorrelations) -> list[str]:
    """Return what Pearson's correlation of price levels is worth."""
    low, high = number(levels.low, 3), number(levels.high, 3)
    span = low if low == high else f"{low} to {high}"
    return [
        f"Pearson's r of actual and forecast closes is {span}, and naive's is {number(levels.naive, 3)}. On price "
        "levels every forecast near the last close has an r near naive's, so r shows no skill."
    ]


def _not_beside_s3(grid: JudgedGrid) -> list[str]:
    """Return why S3's figures are missing beside S3's settings; nothing for another grid."""
    if not grid.outcome.search.s3_crossed:
        return []
    return [
        f"S3's figures are not shown: S3 fits on the first {S3_TRAIN}% of the sessions and tests on the rest, and this "
        f"grid fits on other rows. Leave out --split, --train-size, --step, --expanding and --rolling, or name "
        f"--split {S3_TRAIN}:{100 - S3_TRAIN}."
    ]


def _beside_s3(s3: BesideS3) -> list[str]:
    """Return what S3's figures beside ours are, whether the order is the same, and what is not S3's."""
    sentences = [f"{S3_DATA} Both are of fits on the first {S3_TRAIN}% of the sessions."]
    if s3.correlation is not None:
        sentences.append(
            f"S3's order of the {s3.compared} forecasters and our order have a rank correlation of "
            f"{number(s3.correlation, 2, sign=True)}. S3's best ({s3.best}) is in "
            f"{_places(s3.places)} here."
        )
    if s3.medians:
        names, ours, theirs = zip(*s3.medians, strict=True)
        sentences.append(
            f"Median test MAPE by architecture ({', '.join(names)}): {', '.join(map(points, ours))} here, "
            f"{', '.join(map(points, theirs))} in S3."
        )
        if s3.seeds > 1:
            sentences.append(
                f"Ours is that of the mean forecast over {s3.seeds} seeds, S3's that of one fit: a mean has the "
                "lower error."
            )
    other = [f"{name} {ours} where S3 has {theirs}" for name, ours, theirs in s3.other_settings]
    if s3.other_inputs:
        other.append("other inputs")
    if other:
        sentences.append(f"This is not S3's training: {', '.join(other)}.")
    return sentences


def _places(places: tuple[int, ...]) -> str:
    word = "place" if len(places) == 1 else "places"
    return f"{word} {listed([str(place) for place in sorted(places)])}"
