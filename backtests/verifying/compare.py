"""A finished run beside the same run made again, or beside another finished one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from backtests.verifying.again import Again
from backtests.verifying.causes import causes, copy_changed
from backtests.verifying.effects import effects, forecasts
from backtests.verifying.finding import PROGRAMS, Comparison, Finding, in_order
from backtests.verifying.recorded import Kept, Recorded
from backtests.verifying.side import Side
from forecasters.errors import InputError

#: Relative difference of numbers that counts as none where another engine or another kind of processor
#: trained: how far forecasts, losses and what follows from them were seen to move (docs/results/verify.md).
TOLERANCE = 1e-3


def compare_with_again(recorded: Recorded, again: Again, how: str) -> Comparison:
    """Return what moved between a finished run and the same run made again.

    Parameters
    ----------
    how : str
        How it was made again.
    """
    return _compare(Side.of(recorded), Side.of_again(again), str(recorded.folder), how)


def compare_folders(before: Recorded, after: Recorded) -> Comparison:
    """Return what moved between two finished runs; nothing is run.

    Raises
    ------
    InputError
        One is a run and the other a grid.
    """
    if before.kind != after.kind:
        raise InputError(
            f"{before.folder} is a {before.kind} and {after.folder} a {after.kind}: they cannot be compared"
        )
    other = Side.of(after, named=f"{after.folder}/")
    return _compare(Side.of(before), other, str(before.folder), str(after.folder))


def damaged_bars(recorded: Recorded) -> Comparison | None:
    """Return what is wrong with the kept bars where no run can be made of them any more; else None."""
    kept = recorded.kept()
    if all(entry.rows is None or _are_bars(entry) for entry in kept):
        return None
    found = [made for entry in kept if (made := copy_changed(entry, entry.original()))]
    note = "the run was not made again: its bars are none any more"
    return Comparison(str(recorded.folder), "its own bars", in_order(found), (note,))


def _are_bars(kept: Kept) -> bool:
    try:
        kept.bars()
    except InputError:
        return False
    return True


def _compare(before: Side, after: Side, name: str, other: str) -> Comparison:
    known = all("machine" in side.manifest for side in (before, after))
    exact = not known or _trained_by(before.manifest) == _trained_by(after.manifest)
    tolerance = 0.0 if exact else TOLERANCE
    found = [*causes(before, after), *effects(before, after, tolerance)]
    for side in (before, after):
        found += _files(side, found)
    if not any(finding.kind not in PROGRAMS for finding in found):
        found += [
            Finding("file", f"{side.named}manifest.json", note="was changed")
            for side in (before, after)
            if side.edited
        ]
    notes = []
    if not exact:
        notes.append(
            "another engine or another kind of processor trained: numbers that differ by no more than "
            f"{TOLERANCE:g} of their value count as the same; a CNN can move further (docs/results/verify.md)"
        )
        for finding in forecasts(before, after):
            if finding.largest is not None and finding.largest <= TOLERANCE:
                notes.append(
                    f"{finding.where}: {finding.count} of {finding.of} forecasts differ, by at most "
                    f"{finding.largest:.2g} of their value"
                )
    digest = str(after.manifest.get("digest", ""))
    return Comparison(name, other, in_order(found), tuple(notes), digest)


def _trained_by(manifest: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return what decides the last digits: engines, and the kind of processor."""
    machine = manifest.get("machine") or {}
    engines = [
        (model.get("settings") or {}).get("engine")
        for _, model in sorted((manifest.get("forecasters") or {}).items())
    ]
    return (
        manifest.get("engines"),
        engines,
        *(machine.get(n) for n in ("system", "machine", "processor", "kernels")),
    )


def _files(side: Side, found: Iterable[Finding]) -> Iterator[Finding]:
    """Return the files of a folder that are not as its manifest says, where no finding names them yet."""
    named = {finding.where for finding in found}
    kinds = {finding.kind for finding in found}
    tables = {
        "forecasts.parquet": "forecast", "fills.csv": "fill", "equity.parquet": "equity", "training.parquet": "fit",
        "metrics.csv": "metric",
    }  # fmt: skip
    for name, wrong in side.changed_files.items():
        bars_told = name.startswith("bars/") and "bars" in kinds
        if name not in named and tables.get(name) not in kinds and not bars_told:
            yield Finding("file", f"{side.named}{name}", note=wrong)
