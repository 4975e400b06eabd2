"""A grid judged once: the ranked rows, both choices, and what S3 printed beside them."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from backtests.grids.crossing import NAIVE
from backtests.grids.results.beside_s3 import BesideS3, compare_with_s3
from backtests.grids.results.grid_outcome import GridOutcome
from backtests.grids.results.luck import Luck, judge_luck
from backtests.grids.results.ranking import Row, below_naive, rank
from backtests.grids.results.selection import (
    Selection,
    rank_correlation,
    select_on_test,
    select_on_validation,
)
from backtests.judging.looks import forecast_looks
from backtests.judging.overall import Looked, looked_at
from backtests.judging.skill import Judged, Skill, judge_forecasts
from backtests.trials.ledger import Counted
from backtests.trials.look import FORECAST, Look


@dataclass(frozen=True)
class LevelCorrelations:
    """Pearson's r of actual and forecast closes: the range over the forecasters, and naive's."""

    low: float
    high: float
    naive: float


@dataclass(frozen=True)
class SeedsMove:
    """The highest less the lowest test MAPE among the seeds of a setting, in percentage points.

    Attributes
    ----------
    seeds : int
    median, most : float
        Over the forecasters that a seed changes.
    forecaster : str
        The one with the most.
    """

    seeds: int
    median: float
    most: float
    forecaster: str


@dataclass(frozen=True, eq=False)
class JudgedGrid:
    """What tables, page and manifest are made of.

    Attributes
    ----------
    rows : list of dict
        The ranked table, naive first.
    skill : Skill
        Every forecaster against naive, adjusted for their number.
    by_validation : Selection or None
        The choice on the validation rows, made before the test; None where it cannot be made.
    by_test : Selection or None
        The choice of the lowest test error, as S3 makes it: in-sample.
    choice : Judged or None
        The choice on the validation rows against naive: one test, made once.
    correlation : float or None
        Spearman's, of validation MAPE and test MAPE over all forecasters but naive.
    seeds_move : SeedsMove or None
        What the seed alone changes; None with one seed.
    luck : Luck or None
        What luck makes of the choice on the test; None where there was nothing to choose from.
    levels : LevelCorrelations or None
        None where the grid is not S3's.
    beside_s3 : BesideS3 or None
        None where the grid is not S3's.
    """

    outcome: GridOutcome
    rows: list[Row]
    skill: Skill
    by_validation: Selection | None
    by_test: Selection | None
    choice: Judged | None
    correlation: float | None
    seeds_move: SeedsMove | None
    luck: Luck | None
    levels: LevelCorrelations | None
    beside_s3: BesideS3 | None

    @property
    def models(self) -> int:
        """How many forecasters stand beside naive."""
        return len(self.rows) - 1

    @property
    def naive_mape(self) -> float | None:
        """The MAPE of naive on the test rows, in percent."""
        mape: float | None = self.rows[0]["mape"]
        return mape

    @property
    def below_naive(self) -> int:
        """How many forecasters have a lower test MAPE than naive."""
        return below_naive(self.rows)

    @property
    def selections(self) -> tuple[Selection, ...]:
        """The choices that could be made, that on the validation rows first."""
        return tuple(one for one in (self.by_validation, self.by_test) if one is not None)

    @property
    def test_gain(self) -> float | None:
        """The test MAPE of the choice on validation less that on the test, in percentage points.

        None where one of the choices could not be made.
        """
        if self.by_validation is None or self.by_test is None:
            return None
        return float(self.by_validation.metrics["mape"]) - float(self.by_test.metrics["mape"])


@dataclass(frozen=True)
class OverallGrid:
    """What was looked at on the prices of a grid. It depends on the ledger.

    Attributes
    ----------
    trials : int
        Trials of the ledger on these prices.
    grid, choice : Looked
        For the forecasters of the grid, and for the choice on the validation rows, which is made
        before the others of the grid are tested: only what came before the grid counts for it.
    """

    trials: int
    grid: Looked
    choice: Looked


def overall_grid(grid: JudgedGrid, counted: Counted) -> OverallGrid:
    """Return what was looked at on the prices of a grid."""
    entries = {entry.label: (entry.forecasts,) for entry in grid.outcome.entries}
    own = list(forecast_looks(entries).values())
    chosen: list[Look] = []
    if grid.by_validation:
        naive = entries[NAIVE]
        pair = {NAIVE: naive, "chosen": (grid.by_validation.forecasts,)}
        chosen = list(forecast_looks(pair).values())
    return OverallGrid(
        counted.trials, looked_at(own, counted, FORECAST), looked_at(chosen, counted, FORECAST)
    )


def judge_grid(outcome: GridOutcome) -> JudgedGrid:
    """Return the outcome of a grid ranked, tested against naive, and chosen from."""
    horizon = outcome.search.walk_forward.horizon
    skill = judge_forecasts({e.label: (e.forecasts,) for e in outcome.entries}, horizon)
    by_validation = select_on_validation(outcome)
    choice = None
    if by_validation:
        naive = (outcome.naive.forecasts,)
        alone = judge_forecasts({NAIVE: naive, "chosen": (by_validation.forecasts,)}, horizon)
        choice = next(iter(alone.judged), None)
    rows = rank(outcome, skill)
    by_test = select_on_test(outcome)
    return JudgedGrid(
        outcome=outcome,
        rows=rows,
        skill=skill,
        by_validation=by_validation,
        by_test=by_test,
        choice=choice,
        correlation=rank_correlation([(row["validation_mape"], row["mape"]) for row in rows[1:]]),
        seeds_move=_seeds_move(outcome, rows),
        luck=judge_luck(outcome, by_test.labels[0]) if by_test else None,
        levels=_level_correlations(rows),
        beside_s3=compare_with_s3(outcome, rows),
    )


def _seeds_move(outcome: GridOutcome, rows: list[Row]) -> SeedsMove | None:
    moved = {
        row["forecaster"]: row["mape_seed_max"] - row["mape_seed_min"]
        for row in rows
        if row["mape_seed_min"] is not None
    }
    if not moved:
        return None
    most = max(moved, key=moved.__getitem__)
    return SeedsMove(len(outcome.search.seeds), median(moved.values()), moved[most], most)


def _level_correlations(rows: list[Row]) -> LevelCorrelations | None:
    naive, *models = rows
    known = [row["pearson"] for row in models if row["pearson"] is not None]
    if not known or naive["pearson"] is None:
        return None
    return LevelCorrelations(min(known), max(known), naive["pearson"])
