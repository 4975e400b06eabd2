"""A grid from its configuration to its folder: found by its key, or trained and put in place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from backtests.command.values import values_used
from backtests.grids.config import GridConfig
from backtests.grids.pages.choices import describe_selections
from backtests.grids.pages.page import write_page
from backtests.grids.pages.sentences import finding_sentences, verdict_sentences
from backtests.grids.results.grid_outcome import collect
from backtests.grids.results.judged_grid import JudgedGrid, judge_grid, overall_grid
from backtests.grids.results.ranking import columns
from backtests.grids.search import Search, make_search
from backtests.jobs.fitting import run_fits
from backtests.jobs.store import open_store
from backtests.report.tables.run import write_forecasts, write_training
from backtests.runs.code import pages_version
from backtests.runs.coverage import check_span
from backtests.runs.folder import Finished, Place, folder_name
from backtests.runs.machine import machine
from backtests.runs.made_of import SCHEMA, describe, key_of, versions
from backtests.runs.prices import settle
from backtests.runs.resolve import describe_source, make_source
from backtests.runs.trial_count import trials_of_forecasters
from backtests.sources.missing import warn_of_missing
from backtests.trials.ledger import TrialLedger, remember, warn_of
from backtests.universe.volume_steps import volume_steps, warn_of_steps
from backtests.writing.csv import write_csv
from forecasters.bars import Bars
from forecasters.walk_forward.fit import Fit, Fitted

#: The fits of each forecaster, by its label.
Fits = Mapping[str, Sequence[Fit]]


def run_grid(config: GridConfig, *, quiet: bool = False) -> Finished:
    """Return the finished grid of this configuration, made now or found by its key.

    Every fit is kept in the store: an interrupted grid goes on with those that it had, and another grid or run
    with equal fits trains none of them.
    """
    search = make_search(config)
    source = make_source(config)
    bars: Bars = source.fetch(config.ticker[0], config.start, config.end)
    warn_of_missing([bars])
    bars = settle({bars.ticker: bars}, config).bars[bars.ticker]
    check_span(bars, config)
    warn_of_steps(volume_steps(bars), run="grid")
    fits = search.fits(bars)
    made_of = _made_of(search, source, bars)
    place = Place(config.out, f"grid-{folder_name([bars.ticker])}", key_of(made_of))
    if finished := place.found():
        return finished
    ledger = TrialLedger(config.ledger, config.out)
    ledger.check()

    def trained(jobs: Fits, what: str) -> dict[str, list[Fitted]]:
        every = [fit for of_forecaster in jobs.values() for fit in of_forecaster]
        fitted = iter(
            run_fits(every, store, config.jobs or 1, search.files, quiet=quiet, what=what)
        )
        return {label: [next(fitted) for _ in its_fits] for label, its_fits in jobs.items()}

    with open_store(config.store) as store:
        answers = trained(fits, "training")
        refits = search.refits(fits, answers)
        again = trained(refits, "training again, on all rows before the test")
    grid = judge_grid(collect(search, bars, fits, answers, refits, again))
    forecasts = [entry.forecasts for entry in grid.outcome.entries]
    trials = trials_of_forecasters(bars, forecasts, made_of, "grid")
    counted = ledger.add(trials, bars={bars.ticker: bars})
    warn_of(counted, bars.ticker)
    overall = overall_grid(grid, counted)
    manifest = {
        **made_of,
        "config": values_used(config, made_of),
        "machine": machine(),
        "key": place.key,
        **_results(grid),
        "verdict": verdict_sentences(grid, overall),
        "overall": {"grid": asdict(overall.grid), "choice": asdict(overall.choice)},
        "trials": remember([counted]),
        "pages": pages_version(),
    }
    return place.put(manifest, lambda folder: _write(folder, grid, manifest))


def _made_of(search: Search, source: Any, bars: Bars) -> dict[str, Any]:
    """Return what the key of the grid is made of."""
    return {
        "schema": SCHEMA,
        "kind": "grid",
        "data": [describe(bars, search.extras)],
        "source": describe_source(source),
        **search.described,
        "versions": versions(),
    }


def _results(grid: JudgedGrid) -> dict[str, Any]:
    """Return the results as the manifest keeps them; `digest` covers every forecast."""
    outcome = grid.outcome
    engines = {
        entry.label: sorted({history.engine for history in entry.histories if history.engine})
        for entry in outcome.models
    }
    superior, kept = grid.skill.superior, grid.skill.kept
    return {
        "folds": {outcome.bars.ticker: [str(inside.fold) for inside in outcome.naive.inside]},
        "engines": {
            outcome.bars.ticker: {label: names for label, names in engines.items() if names}
        },
        "crossed": {name: list(values) for name, values in outcome.search.crossing.axes.items()},
        "s3": outcome.search.s3,
        "digest": outcome.digest,
        "ranking": grid.rows,
        "selection": describe_selections(grid),
        "rank_correlation": grid.correlation,
        "seeds_move": asdict(grid.seeds_move) if grid.seeds_move else None,
        "luck": asdict(grid.luck) if grid.luck else None,
        "superior": vars(superior) if superior else None,
        "confidence_set": vars(kept) if kept else None,
        "verdict_alone": verdict_sentences(grid),
        "findings": finding_sentences(grid),
    }


def _write(folder: Path, grid: JudgedGrid, manifest: Mapping[str, Any]) -> None:
    outcome = grid.outcome
    histories = {entry.label: entry.histories for entry in outcome.entries}
    write_forecasts(folder, [entry.forecasts for entry in outcome.entries])
    write_training(folder, [(outcome.bars.ticker, histories)])
    if outcome.refitted:
        refits = {entry.label: entry.refits for entry in outcome.entries}
        write_training(folder, [(outcome.bars.ticker, refits)], "refits.parquet")
    write_csv(folder / "metrics.csv", columns(outcome), grid.rows)
    write_page(folder, grid, manifest)
