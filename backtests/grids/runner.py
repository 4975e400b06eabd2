"""A grid from its configuration to its folder: found by its key, or made run by run and put in place."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from backtests.command.values import values_used
from backtests.grids.config import GridConfig
from backtests.grids.pages.page import write_page
from backtests.grids.results.grid_outcome import GridOutcome, collect
from backtests.grids.results.ranking import columns
from backtests.grids.results.report import Report, describe_selections, make_report
from backtests.grids.search import Search, make_search
from backtests.jobs.fitting import run_fits
from backtests.jobs.store import FitStore
from backtests.report.tables.run import write_csv, write_forecasts, write_training
from backtests.runs.coverage import check_span
from backtests.runs.folder import Finished, Place, folder_name
from backtests.runs.made_of import SCHEMA, describe, key_of, versions
from backtests.runs.manifest import write_manifest
from backtests.runs.resolve import describe_source, make_source
from backtests.runs.trial_count import trials_of_forecasters
from backtests.trials.ledger import TrialLedger, remember, warn_of
from backtests.universe.volume_steps import volume_steps, warn_of_steps
from forecasters.bars import Bars
from forecasters.walk_forward.fit import Fit


def run_grid(config: GridConfig, *, quiet: bool = False) -> Finished:
    """Return the finished grid of this configuration, made now or found by its key.

    What is interrupted leaves its fits beside the place of the grid, and the same call goes on.
    """
    search = make_search(config)
    source = make_source(config)
    bars: Bars = source.fetch(config.ticker[0], config.start, config.end)
    check_span(bars, config)
    warn_of_steps(volume_steps(bars), run="grid")
    fits = search.fits(bars)
    made_of = {
        "schema": SCHEMA,
        "kind": "grid",
        "data": [describe(bars, search.extras)],
        "source": describe_source(source),
        **search.described,
        "versions": versions(),
    }
    place = Place(config.out, f"grid-{folder_name([bars.ticker])}", key_of(made_of))
    if there := place.found():
        return there
    report = make_report(_train(search, bars, fits, place, config, quiet))
    told = [entry.forecasts for entry in report.outcome.entries]
    counted = TrialLedger(config.out).add(trials_of_forecasters(bars, told, made_of, "grid"))
    warn_of(counted, bars.ticker)
    manifest = {
        **made_of,
        "config": values_used(config, made_of),
        "key": place.key,
        **_results(report),
        "trials": remember([counted]),
    }
    return place.put(manifest, lambda folder: _write(folder, report, manifest))


def _train(
    search: Search, bars: Bars, fits: Mapping[str, tuple[Fit, ...]], place: Place, config: GridConfig,
    quiet: bool,
) -> GridOutcome:  # fmt: skip
    store = FitStore(place.part / "fits")
    jobs = [fit for own in fits.values() for fit in own]
    fitted = iter(run_fits(jobs, store, config.jobs or 1, search.files, quiet=quiet))
    answers = {label: [next(fitted) for _ in own] for label, own in fits.items()}
    return collect(search, bars, fits, answers)


def _results(report: Report) -> dict[str, Any]:
    """Return what the manifest says of the results; `digest` covers every forecast."""
    outcome = report.outcome
    engines = {e.label: sorted({h.engine for h in e.histories if h.engine}) for e in outcome.models}
    superior, kept = report.skill.superior, report.skill.kept
    return {
        "folds": {outcome.bars.ticker: [str(one.fold) for one in outcome.naive.inside]},
        "engines": {outcome.bars.ticker: {name: own for name, own in engines.items() if own}},
        "crossed": {name: list(own) for name, own in outcome.search.crossing.axes.items()},
        "s3": outcome.search.s3,
        "digest": outcome.digest,
        "ranking": report.rows,
        "selection": describe_selections(report),
        "rank_correlation": report.correlation,
        "superior": vars(superior) if superior else None,
        "confidence_set": vars(kept) if kept else None,
        "verdict": report.verdict,
        "findings": report.found,
    }


def _write(folder: Path, report: Report, manifest: Mapping[str, Any]) -> None:
    outcome = report.outcome
    ticker = outcome.bars.ticker
    write_forecasts(folder, [entry.forecasts for entry in outcome.entries])
    write_training(folder, [(ticker, {e.label: e.histories for e in outcome.entries})])
    write_csv(folder / "metrics.csv", columns(outcome), report.rows)
    write_page(folder, report, manifest)
    write_manifest(folder / "manifest.json", manifest)
