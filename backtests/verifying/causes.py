"""What a result follows from: bars, other inputs, code, libraries, engines, configuration."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from backtests.runs.made_of import key_of
from backtests.verifying.finding import Finding
from backtests.verifying.side import Side
from forecasters.bars import COLUMNS, Bars
from forecasters.errors import InputError

#: Values of a configuration that change no result: where things lie, and how the work is done.
PLACES = (
    "universe", "extra", "data_dir", "source", "out", "jobs", "ledger", "keep", "store", "scheduler",
)  # fmt: skip
#: Values that name plugins, perhaps by a file that lies elsewhere.
NAMES = ("forecaster", "strategy", "beside")
#: Parts of a manifest that describe the configuration after every name is resolved.
RESOLVED = (
    "forecasters", "strategies", "swept", "walk_forward", "features", "seeds", "tearsheets", "save_fits",
    "shifts", "accounts",
)  # fmt: skip
#: Entries of `versions` that are this package.
OURS = {"code": "code version", "walk-forward-backtests": "walk-forward-backtests"}


def causes(before: Side, after: Side) -> Iterator[Finding]:
    """Return what moved between two runs, up to their configuration."""
    yield from bars_moved(before, after)
    yield from _inputs(before, after)
    yield from _versions(before.manifest, after.manifest)
    yield from _engines(before.manifest, after.manifest)
    yield from _configuration(before, after)


def bars_moved(before: Side, after: Side) -> Iterator[Finding]:
    """Return which bars differ: by ticker which days, and by how much."""
    digests = [_digests(side) for side in (before, after)]
    for ticker in dict.fromkeys((*digests[0], *digests[1])):
        old, new = (side.get(ticker) for side in digests)
        if old is None or new is None:
            yield Finding(
                "bars", ticker, missing=int(new is None), added=int(old is None), unit="ticker"
            )
            continue
        a, b = (_bars(side, ticker) for side in (before, after))
        if a is not None and b is not None:
            if a.digest != b.digest:
                yield _bars_finding(ticker, a, b)
        elif old != new or (b is not None and b.digest != old):
            yield _found_by_closes(ticker, before, b)
        if b is not None and b.digest == old:  # the run was made again on other bars than its copy
            yield from _copy_changed(ticker, before, b)
    yield from _data(before, after)


def _copy_changed(ticker: str, side: Side, original: Bars) -> Iterator[Finding]:
    """Return how the copy of the bars in a folder differs from the bars of the run."""
    kept = side.kept.get(ticker)
    if kept is None or kept.rows is None:
        return
    note = "the copy that the folder keeps is not that of the run any more"
    try:
        copy = kept.bars()
    except InputError as error:
        yield Finding("bars", ticker, note=f"{note}: {error}")
        return
    if copy.digest != original.digest:
        yield _bars_finding(ticker, original, copy, note)


def _digests(side: Side) -> dict[str, str]:
    """Return ticker to the sha256 of its bars as the source gave them; of a grid, as they were used."""
    described = (side.manifest.get("inputs") or {}).get("bars") or side.manifest.get("data") or []
    return {str(entry["ticker"]): str(entry["sha256"]) for entry in described}


def _bars(side: Side, ticker: str) -> Bars | None:
    return side.bars.get(ticker)


def _bars_finding(ticker: str, a: Bars, b: Bars, note: str = "") -> Finding:
    common, x, y = np.intersect1d(a.sessions, b.sessions, return_indices=True)
    old = np.stack([getattr(a, name)[x] for name in COLUMNS])
    new = np.stack([getattr(b, name)[y] for name in COLUMNS])
    differ = old != new
    days = np.flatnonzero(differ.any(axis=0))
    counts = {"missing": len(a) - len(common), "added": len(b) - len(common), "unit": "day"}
    if not days.size:
        gone = np.setdiff1d(a.sessions, common)
        first = (gone if gone.size else np.setdiff1d(b.sessions, common))[0]
        return Finding("bars", ticker, first=str(first), of=len(common), note=note, **counts)
    day = days[0]
    column = int(differ[:, day].argmax())
    with np.errstate(divide="ignore"):
        relative = np.abs(new[differ] - old[differ]) / np.abs(old[differ])
    return Finding(
        "bars",
        ticker,
        before=float(old[column, day]),
        after=float(new[column, day]),
        what=COLUMNS[column],
        first=str(common[day]),
        count=days.size,
        of=len(common),
        largest=float(relative.max()),
        note=note,
        **counts,
    )


def _found_by_closes(ticker: str, before: Side, after: Bars | None) -> Finding:
    """Return what can be said where the bars of the run are gone: its forecasts name some of the closes."""
    note = "the bars of the run are not kept"
    if (entry := before.kept.get(ticker)) and entry.rows is not None:
        changed = entry.rows.sessions[entry.rows.changed]
        shown = f"; its parity names {', '.join(map(str, changed[:3]))}" if changed.size else ""
        note = f"the file that it keeps was changed{shown}"
    table = before.table("forecasts.parquet")
    if after is None or table is None:
        return Finding("bars", ticker, unit="day", note=note)
    known = table[table["ticker"] == ticker].drop_duplicates("as_of")
    days = known["as_of"].to_numpy().astype("datetime64[D]")
    closes = known["close"].to_numpy(dtype=np.float64)
    _, x, y = np.intersect1d(days, after.sessions, return_indices=True)
    old, new = closes[x], after.close[y]
    differ = np.flatnonzero(old != new)
    if not differ.size:
        note += "; the closes behind its forecasts are the same, so the difference lies elsewhere"
        return Finding("bars", ticker, unit="day", note=note)
    first = differ[0]
    return Finding(
        "bars",
        ticker,
        before=float(old[first]),
        after=float(new[first]),
        what="close",
        first=str(days[x][first]),
        count=differ.size,
        of=len(x),
        unit="day",
        largest=float((np.abs(new - old) / old)[differ].max()),
        note=f"{note}; these are the days that its forecasts know",
    )


def _data(before: Side, after: Side) -> Iterator[Finding]:
    """Return bars whose description alone differs: the sha256 after repairs, what was repaired."""
    old, new = (side.by("data", ("ticker",)) for side in (before, after))
    same = {t for t, digest in _digests(before).items() if _digests(after).get(t) == digest}
    for key in old.keys() & new.keys():
        ticker = str(key[0])
        for name in ("sha256", "repaired", "as_is", "missing"):
            if ticker in same and old[key].get(name) != new[key].get(name):
                yield Finding(
                    "bars", ticker, old[key].get(name), new[key].get(name), f"{name} under 'data'"
                )


def _inputs(before: Side, after: Side) -> Iterator[Finding]:
    for role, name in dict.fromkeys((*before.inputs, *after.inputs)):
        old, new = (side.inputs.get((role, name)) for side in (before, after))
        if old != new:
            kind = "code" if role == "code" else "input"
            yield Finding(kind, f"{role} {name}".strip(), old, new, "sha256")


def _versions(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Finding]:
    old, new = before.get("versions") or {}, after.get("versions") or {}
    for name in dict.fromkeys((*old, *new)):
        if old.get(name) != new.get(name):
            kind = "code" if name in OURS else "library"
            yield Finding(kind, OURS.get(name, name), old.get(name), new.get(name))


def _engines(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Finding]:
    for part in ("machine", "engines"):
        old, new = (_leaves(manifest.get(part) or {}) for manifest in (before, after))
        for name in dict.fromkeys((*old, *new)):
            if old.get(name) != new.get(name):
                where = " ".join(name) if part == "machine" else f"what trained {' '.join(name)}"
                yield Finding("engine", where, old.get(name), new.get(name))


def _configuration(before: Side, after: Side) -> Iterator[Finding]:
    told = set()
    for part in ("config", "given"):
        old, new = before.manifest.get(part) or {}, after.manifest.get(part) or {}
        for name in dict.fromkeys((*old, *new)):
            a, b = (
                _label(values.get(name)) if name in NAMES else values.get(name)
                for values in (old, new)
            )
            if name not in PLACES and name not in told and a != b:
                told.add(name)
                yield Finding("configuration", name, a, b)
    for part in RESOLVED:
        old, new = (
            _leaves({part: side.manifest[part]} if part in side.manifest else {})
            for side in (before, after)
        )
        for path in dict.fromkeys((*old, *new)):
            settled = told.intersection(path) or path[-1] in ("code", "engine")
            if not settled and old.get(path) != new.get(path):
                told.add(path[-1])
                yield Finding("configuration", " ".join(path), old.get(path), new.get(path))
    if after.keyed and not told:
        stated = key_of({n: before.manifest[n] for n in after.keyed if n in before.manifest})
        if stated != before.manifest.get("key"):
            note = "something that enters the key was changed in its manifest after the run"
            yield Finding("manifest", "key", before.manifest.get("key"), stated, note=note)


def _label(texts: Any) -> Any:
    """Return the names of plugins without the folders of their files."""
    if not isinstance(texts, list):
        return texts
    return [re.sub(r"^.*[/\\](?=[^/\\]*\.py)", "", str(text)) for text in texts]


def _leaves(value: Any, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    """Return the values of nested objects by their path; a list is a value."""
    if not isinstance(value, Mapping) or not value:
        return {path: value} if path else {}
    return {
        k: v for name, part in value.items() for k, v in _leaves(part, (*path, str(name))).items()
    }
