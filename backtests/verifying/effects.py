"""What follows from a cause: fits, forecasts, fills, equity, metrics, verdicts, and the other tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from backtests.jobs.saved import read_arrays
from backtests.verifying.finding import Finding
from backtests.verifying.side import Side
from backtests.verifying.tables import TableDifference, difference, plain
from forecasters.errors import InputError

OWNER = ("account", "forecaster", "strategy")
FIT = ("ticker", "forecaster", "seed", "fold")
#: Tables that follow from fills, and what names a row of them.
TABLES = {
    "trades.csv": (*OWNER, "ticker", "entry"),
    "orders.csv": (*OWNER, "ticker", "decided", "session", "side"),
    "sensitivity.csv": ("account", "forecaster", "threshold", "exit"),
}
#: Parts of a manifest that follow from forecasts, fills and equity, and not from the ledger of trials.
DERIVED = (
    "folds", "members", "summary", "judgement", "calls", "diagnosis", "ranking", "selection", "digest",
)  # fmt: skip
#: Entries of these parts that say in words what stands beside them: they change with the pages.
WORDS = {"headline", "sentence", "sentences", "market"}
#: Entries of the manifest's lists of figures that are no figures.
NO_METRIC = ("ticker", "account", "forecaster", "strategy", "sha256")
#: How many entries of one part of a manifest are named.
NAMED = 5


def effects(before: Side, after: Side, tolerance: float = 0.0) -> Iterator[Finding]:
    """Return what moved between the results of two runs.

    Parameters
    ----------
    tolerance : float
        Relative difference of numbers that counts as none.
    """
    found = [
        *_fits(before, after, tolerance),
        *_weights(before, after, tolerance),
        *forecasts(before, after, tolerance),
        *_fills(before, after, tolerance),
        *_equity(before, after, tolerance),
        *_metrics(before, after, tolerance),
        *_verdicts(before, after),
    ]
    for name, keys in TABLES.items():
        found += _by(before, after, name, keys, (), "table", "row", tolerance)
    yield from found
    if not found:
        yield from _derived(before.manifest, after.manifest, tolerance)


def _fits(before: Side, after: Side, tolerance: float) -> Iterator[Finding]:
    """Return the losses that differ, a finding for each forecaster and ticker."""
    for name in ("training.parquet", "refits.parquet"):
        keys = (*FIT, "epoch")
        for finding, made, _ in _split(before, after, name, keys, FIT[:2], tolerance):
            fits = {key[:4] for key in (*made.changed, *made.missing, *made.added)}
            _, _, seed, fold, epoch = made.first
            yield Finding(
                "fit",
                finding,
                made.before,
                made.after,
                made.column.replace("_", " "),
                f"seed {seed}, fold {fold}, epoch {epoch}",
                count=len(fits),
                unit="fit",
                missing=len({key[:4] for key in made.missing}),
                added=len({key[:4] for key in made.added}),
                largest=made.largest,
            )


def _weights(before: Side, after: Side, tolerance: float) -> Iterator[Finding]:
    """Return the saved fits whose arrays differ."""
    names = [
        {p.name for p in (side.folder / "fits").glob("*.safetensors")} for side in (before, after)
    ]
    for name in sorted(names[0] | names[1]):
        where = f"fits/{name}"
        if name not in names[0] or name not in names[1]:
            gone = int(name not in names[1])
            yield Finding("fit", where, unit="file", missing=gone, added=1 - gone)
            continue
        try:
            old, new = (read_arrays(side.folder / "fits" / name) for side in (before, after))
        except InputError as error:
            yield Finding("fit", where, note=str(error))
            continue
        yield from _arrays(where, old, new, tolerance)


def _arrays(
    where: str, old: Mapping[str, Any], new: Mapping[str, Any], tolerance: float
) -> Iterator[Finding]:
    differ: list[tuple[str, int, float, float]] = []
    count, of = 0, 0
    largest = 0.0
    for name in sorted(old.keys() | new.keys()):
        a, b = old.get(name), new.get(name)
        if a is None or b is None or a.shape != b.shape:
            old_shape, new_shape = (None if part is None else list(part.shape) for part in (a, b))
            yield Finding("fit", where, old_shape, new_shape, f"shape of {name}")
            continue
        x, y = (np.ravel(array).astype(np.float64) for array in (a, b))
        with np.errstate(divide="ignore", invalid="ignore"):
            relative = np.abs(y - x) / np.abs(x)
        unequal = ~((x == y) | (np.isnan(x) & np.isnan(y))) & ~(relative <= tolerance)
        of += x.size
        count += int(unequal.sum())
        if unequal.any():
            first = int(unequal.argmax())
            differ.append((name, first, float(x[first]), float(y[first])))
            largest = max(largest, float(np.nan_to_num(relative[unequal], nan=np.inf).max()))
    if differ:
        name, first, was, now = differ[0]
        shown = f"{name}, number {first + 1}"
        yield Finding(
            "fit", where, was, now, shown, count=count, of=of, unit="number", largest=largest
        )


def forecasts(before: Side, after: Side, tolerance: float = 0.0) -> Iterator[Finding]:
    """Return the forecasts that differ, a finding for each forecaster and ticker."""
    digests = [side.by("forecast_metrics", ("ticker", "forecaster")) for side in (before, after)]
    keys, name = ("ticker", "forecaster", "seed", "as_of"), "forecasts.parquet"
    found = list(_split(before, after, name, keys, FIT[:2], tolerance, ("forecast",)))
    if not found:  # the closes beside the forecasts move with the bars
        found = list(_split(before, after, name, keys, FIT[:2], tolerance))
    for where, made, owner in found:
        shas = [entries.get(owner, {}).get("sha256") for entries in digests]
        seed, day = made.first[2:]
        whose = "the mean of the seeds" if seed == "" else f"seed {int(seed)}"
        yield Finding(
            "forecast",
            where,
            made.before,
            made.after,
            made.column,
            f"{day}, {whose}",
            count=len(made.changed),
            of=made.rows,
            unit="forecast",
            missing=len(made.missing),
            added=len(made.added),
            largest=made.largest,
            edited=shas[0] is not None and shas[0] == shas[1],
        )


def _fills(before: Side, after: Side, tolerance: float) -> Iterator[Finding]:
    keys = (*OWNER, "ticker", "side", "decided", "session")
    return _by(before, after, "fills.csv", keys, OWNER, "fill", "fill", tolerance, "fills")


def _equity(before: Side, after: Side, tolerance: float) -> Iterator[Finding]:
    keys = (*OWNER, "session")
    return _by(before, after, "equity.parquet", keys, OWNER, "equity", "day", tolerance, "equity")


def _by(
    before: Side,
    after: Side,
    name: str,
    keys: tuple[str, ...],
    owner: tuple[str, ...],
    kind: str,
    unit: str,
    tolerance: float,
    sha256: str = "",
) -> Iterator[Finding]:
    """Return where a table differs, a finding for each of its owners."""
    digests = [side.by("results", OWNER) for side in (before, after)]
    for where, made, of in _split(before, after, name, keys, owner, tolerance):
        who = tuple(part or None for part in of)
        shas = [(entries.get(who, {}).get("sha256") or {}).get(sha256) for entries in digests]
        yield Finding(
            kind,
            where,
            made.before,
            made.after,
            made.column.replace("_", " "),
            " ".join(str(part) for part in made.first[len(owner) :] if part != ""),
            count=len(made.changed),
            of=made.rows,
            unit=unit,
            missing=len(made.missing),
            added=len(made.added),
            largest=made.largest,
            edited=shas[0] is not None and shas[0] == shas[1],
        )


def _split(
    before: Side,
    after: Side,
    name: str,
    keys: tuple[str, ...],
    owner: tuple[str, ...],
    tolerance: float,
    columns: tuple[str, ...] = (),
) -> Iterator[tuple[str, TableDifference, tuple[Any, ...]]]:
    """Return where a table differs: for each owner its words, the difference, and who it is.

    `columns`: only these are compared; by default all.
    """
    if before.bytes_of(name) == after.bytes_of(name):
        return
    old, new = before.table(name), after.table(name)
    if old is None and new is None:
        return
    if old is None or new is None:
        frame = old if old is not None else new
        assert frame is not None
        empty = frame.iloc[:0]
        old, new = (empty if old is None else old), (empty if new is None else new)
    if columns:
        chosen = [*keys, *columns]
        old, new = (frame[[c for c in frame.columns if c in chosen]] for frame in (old, new))
    groups = [_groups(frame, owner) for frame in (old, new)]
    for who in dict.fromkeys((*groups[0], *groups[1])):
        made = difference(
            groups[0].get(who, old.iloc[:0]), groups[1].get(who, new.iloc[:0]), keys, tolerance
        )
        if made:
            yield _words(owner, who) or name, made, who


def _groups(frame: pd.DataFrame, owner: tuple[str, ...]) -> dict[tuple[Any, ...], pd.DataFrame]:
    if not owner:
        return {(): frame}
    groups = frame.groupby(list(owner), dropna=False, sort=False)
    return {tuple(plain(part) or "" for part in key): part for key, part in groups}


def _words(owner: tuple[str, ...], who: tuple[Any, ...]) -> str:
    """Return whose rows they are: ``rnn, 051900.KS``, ``five_percent on rnn, 051900.KS``."""
    named = dict(zip(owner, who, strict=True))
    forecaster, of = named.get("forecaster"), named.get("ticker") or named.get("account")
    if "strategy" in named:
        rule = f"{named['strategy']} on {forecaster}" if forecaster else named["strategy"]
        return f"{rule}, {of}"
    return f"{forecaster}, {of}" if forecaster else str(of or "")


def _metrics(before: Side, after: Side, tolerance: float) -> Iterator[Finding]:
    """Return the figures that differ: those of the manifest, then those of metrics.csv alone."""
    told: set[str] = set()
    for part, owner in (("forecast_metrics", ("forecaster", "ticker")), ("results", OWNER)):
        old, new = (side.by(part, owner) for side in (before, after))
        for who in dict.fromkeys((*old, *new)):
            where = _words(owner, who)
            if who not in old or who not in new:
                gone = int(who not in new)
                yield Finding("metric", where, unit="row", missing=gone, added=1 - gone)
                continue
            a, b = (_flat(entries[who].get("metrics", entries[who])) for entries in (old, new))
            for name in dict.fromkeys((*a, *b)):
                if name.partition(" ")[0] not in NO_METRIC and not _equal(
                    a.get(name), b.get(name), tolerance
                ):
                    told.add(name)
                    relative = _relative(a.get(name), b.get(name))
                    yield Finding("metric", where, a.get(name), b.get(name), name, largest=relative)
    grid = before.manifest.get("kind") == "grid"  # its rows are forecasters
    keys = ("forecaster",) if grid else ("ticker", "forecaster", "strategy")
    for _, made, _ in _split(before, after, "metrics.csv", keys, (), tolerance):
        if not told:
            yield Finding(
                "metric", "metrics.csv", made.before, made.after, made.column,
                " ".join(str(part) for part in made.first if part != ""), count=len(made.changed),
                of=made.rows, unit="row", missing=len(made.missing), added=len(made.added), largest=made.largest,
            )  # fmt: skip


def _verdicts(before: Side, after: Side) -> Iterator[Finding]:
    """Return the words of the verdicts that differ; they count the trials of their own page alone."""
    old, new = (_verdict_words(side.manifest.get("judgement")) for side in (before, after))
    for who in dict.fromkeys((*old, *new)):
        if old.get(who) != new.get(who):
            account, forecaster, strategy = who
            where = (
                f"{strategy} on {forecaster}, {account}" if strategy else f"{forecaster}, {account}"
            )
            yield Finding("verdict", where, old.get(who), new.get(who))


def _verdict_words(judgement: Any) -> dict[tuple[str, str, str], Any]:
    """Return account, forecaster and rule (empty for the forecast itself) to the word of the verdict."""
    return {
        (account, str(entry.get("forecaster")), str(entry.get("strategy") or "")): entry.get("word")
        for account, judged in (judgement if isinstance(judgement, dict) else {}).items()
        for part in ("forecasters", "rules")
        for entry in (judged or {}).get(part) or ()
    }


def _derived(
    before: Mapping[str, Any], after: Mapping[str, Any], tolerance: float
) -> Iterator[Finding]:
    """Return entries of a manifest that differ although the tables agree."""
    for part in DERIVED:
        a, b = (_flat({part: manifest.get(part)}) for manifest in (before, after))
        names = [
            name
            for name in dict.fromkeys((*a, *b))
            if not WORDS & set(name.split()) and not _equal(a.get(name), b.get(name), tolerance)
        ]
        if part == "digest" and tolerance:
            continue
        more = f"and {len(names) - NAMED} more under '{part}'" if len(names) > NAMED else ""
        for number, name in enumerate(names[:NAMED], 1):
            note = more if number == NAMED else ""
            yield Finding("manifest", name, a.get(name), b.get(name), note=note)


def _flat(value: Any, name: str = "") -> dict[str, Any]:
    """Return the values of nested objects and lists by their path in words."""
    if isinstance(value, Mapping):
        parts = value.items()
    elif isinstance(value, list | tuple):
        parts = {str(number): part for number, part in enumerate(value, 1)}.items()
    else:
        return {name: value}
    return {k: v for key, part in parts for k, v in _flat(part, f"{name} {key}".strip()).items()}


def _equal(a: Any, b: Any, tolerance: float) -> bool:
    if a == b:
        return True
    relative = _relative(a, b)
    return relative is not None and relative <= tolerance


def _relative(a: Any, b: Any) -> float | None:
    """Return the difference of two numbers relative to the first; None where they are none or it is zero."""
    numbers = all(isinstance(x, int | float) and not isinstance(x, bool) for x in (a, b))
    return abs(b - a) / abs(a) if numbers and a else None
