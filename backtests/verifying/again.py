"""A finished run made again from its manifest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from backtests import plugins
from backtests.command.config import RunConfig
from backtests.jobs.store import FitStore
from backtests.report.tables.run import write_tables
from backtests.runs.files import keep_fits, write_run
from backtests.runs.kept import Inputs, inputs_of
from backtests.runs.manifest import write_manifest
from backtests.runs.outcome import Outcome, conclude, studies_of
from backtests.runs.prepared import Prepared, prepare
from backtests.studies.study import Study
from backtests.trials.ledger import TrialLedger
from backtests.verifying.recorded import Recorded
from backtests.verifying.source import KeptSource
from forecasters.errors import InputError


@dataclass(frozen=True, eq=False)
class Again:
    """A run made again; nothing of it is in the ledger of trials.

    Attributes
    ----------
    prepared : Prepared
    inputs : Inputs
    studies : sequence of Study
    store : FitStore
        Its fits.
    outcome : Outcome
    folder : Path
        Its tables and its manifest, without pages.
    """

    prepared: Prepared
    inputs: Inputs
    studies: Sequence[Study]
    store: FitStore
    outcome: Outcome
    folder: Path

    def write(self, folder: Path, ledger: TrialLedger, quiet: bool) -> None:
        """Write all files of the run, pages too; now its trials enter the ledger."""
        outcome = conclude(self.prepared, self.inputs, self.studies, ledger)
        write_run(folder, self.prepared, self.inputs, outcome, self.store, quiet=quiet)
        write_manifest(folder / "manifest.json", outcome.manifest)


def run_again(
    recorded: Recorded,
    store: FitStore,
    work: Path,
    data_dir: str | None = None,
    *,
    jobs: int | None = None,
    quiet: bool = False,
) -> Again:
    """Make a run again, on the bars that its folder keeps or on those of another folder.

    Neither its finished folder nor the ledger of trials is written.

    Parameters
    ----------
    store : FitStore
        Where fits are looked for before they are trained.
    work : Path
        A folder for tables, saved fits and a ledger that only this check has.
    data_dir : str, optional
        Take the bars from the files of this folder.
    jobs : int, optional
        Fits at once; by default one for each core.

    Raises
    ------
    InputError
        Bars, files or plugins are missing, or no run can be made of them.
    """
    config = recorded.config(data_dir, jobs)
    _check_code(recorded, config)
    reading = recorded.with_kept_files(config, outside=data_dir is not None)
    prepared = prepare(reading, None if data_dir is not None else _kept_source(recorded))
    inputs = _named_as_before(inputs_of(prepared), reading, config)
    prepared = replace(prepared, config=config)
    studies = studies_of(prepared, store, quiet=quiet)
    outcome = conclude(prepared, inputs, studies, TrialLedger(work / "trials.jsonl", work))
    folder = work / "again"
    folder.mkdir()
    write_tables(folder, outcome.summaries)
    if config.save_fits:
        keep_fits(store, prepared.fits, config.features, folder / "fits")
    write_manifest(folder / "manifest.json", outcome.manifest)
    return Again(prepared, inputs, studies, store, outcome, folder)


def _kept_source(recorded: Recorded) -> KeptSource:
    kept = recorded.kept()
    if missing := [entry.ticker for entry in kept if entry.rows is None]:
        folder = recorded.given().get("data_dir")
        hint = folder if isinstance(folder, str) else "DIR, a folder of <ticker>.csv or .parquet"
        raise InputError(
            f"{recorded.folder} keeps no bars of {', '.join(missing[:3])}: add --data-dir {hint}; a run with "
            "--keep bars has its own"
        )
    described = recorded.manifest.get("source")
    return KeptSource({entry.ticker: entry.bars() for entry in kept}, recorded.faults(), described)


def _check_code(recorded: Recorded, config: RunConfig) -> None:
    """Refuse a run whose plugins are missing, before any other error says less.

    A copy that the folder keeps is not run: whoever gave the folder could have put anything there.
    """
    for text in (*config.forecaster, *config.strategy):
        path = plugins.typed_path(text)
        if path is None or Path(path).expanduser().is_file():
            continue
        copy = recorded.copy_of(path)
        what = f"read its copy {copy}, and put it there to run it" if copy else "put it there"
        raise InputError(f"the run needs your file {path}, which is not here: {what}")
    for kind, texts in (
        (plugins.FORECASTERS, config.forecaster),
        (plugins.STRATEGIES, config.strategy),
    ):
        for text in texts:
            try:
                plugins.load(kind, plugins.parse(text))
            except InputError as error:
                packages = recorded.folder / "made_of/packages"
                hint = f"; install its package, whose modules lie in {packages}"
                raise InputError(
                    f"the run cannot be made again here: {error}{hint if packages.is_dir() else ''}"
                ) from error


def _named_as_before(inputs: Inputs, reading: RunConfig, config: RunConfig) -> Inputs:
    """Return the inputs with the paths that the user gave, where copies were read in their place."""
    given = dict(zip(reading.extra, config.extra, strict=True))
    if reading.universe is not None and config.universe is not None:
        given[reading.universe] = config.universe
    files = tuple(replace(file, path=given.get(file.path, file.path)) for file in inputs.files)
    return replace(inputs, files=files)
