"""What a result follows from: bars, other inputs, code, libraries, engines, configuration."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from backtests.runs.made_of import key_of
from backtests.sources.kept_bars import KeptRows
from backtests.verifying.finding import Finding
from backtests.verifying.recorded import Kept
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
                yield _rows_finding(ticker, _rows(a), _rows(b))
        elif old != new or (b is not None and b.digest != old):
            yield _found_by_closes(ticker, before, b, has_bars=a is not None)
        if b is not None and b.digest == old:  # the run was made again on other bars than its copy
            kept = before.kept.get(ticker)
            if kept and (changed := copy_changed(kept, b)):
                yield changed
    yield from _data(before, after)


def copy_changed(kept: Kept, original: Bars | None) -> Finding | None:
    """Return how the copy of the bars in a folder differs from those of the run; None where it does not.

    Parameters
    ----------
    original : Bars or None
        The bars of the run; None where they are not known.
    """
    if kept.rows is None:
        return None
    note = "the copy that the folder keeps is not that of the run any more"
    try:
        if kept.bars().digest == kept.sha256:
            return None
    except InputError as error:
        note = f"{note}: {error}"
    if original is None:
        return Finding("bars", kept.ticker, unit="day", note=f"{note}{_named_by_parity(kept.rows)}")
    return _rows_finding(kept.ticker, _rows(original), kept.rows, note)


def _named_by_parity(rows: KeptRows) -> str:
    days = rows.sessions[rows.changed]
    return f"; its parity names {', '.join(map(str, days[:3]))}" if days.size else ""


def _digests(side: Side) -> dict[str, str]:
    """Return ticker to the sha256 of its bars as the source gave them; of a grid, as they were used."""
    described = (side.manifest.get("inputs") or {}).get("bars") or side.manifest.get("data") or []
    return {str(entry["ticker"]): str(entry["sha256"]) for entry in described}


def _bars(side: Side, ticker: str) -> Bars | None:
    return side.bars.get(ticker)


def _rows(bars: Bars) -> KeptRows:
    return KeptRows(bars.sessions, {name: getattr(bars, name) for name in COLUMNS}, None)


def _rows_finding(ticker: str, a: KeptRows, b: KeptRows, note: str = "") -> Finding:
    common, x, y = np.intersect1d(a.sessions, b.sessions, return_indices=True)
    old = np.stack([a.columns[name][x] for name in COLUMNS])
    new = np.stack([b.columns[name][y] for name in COLUMNS])
    differ = old.view(np.uint64) != new.view(np.uint64)  # -0 is another volume than 0
    days = np.flatnonzero(differ.any(axis=0))
    counts: dict[str, Any] = {
        "missing": a.sessions.size - common.size,
        "added": b.sessions.size - common.size,
        "unit": "day",
    }
    if not days.size:
        gone = np.setdiff1d(a.sessions, common)
        first = (gone if gone.size else np.setdiff1d(b.sessions, common))[0]
        return Finding("bars", ticker, first=str(first), of=len(common), note=note, **counts)
    day = days[0]
    column = int(differ[:, day].argmax())
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.nan_to_num(
            np.abs(new[differ] - old[differ]) / np.abs(old[differ]), posinf=np.inf
        )
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


def _found_by_closes(ticker: str, before: Side, after: Bars | None, has_bars: bool) -> Finding:
    """Return what can be said where the bars of one run are gone: its forecasts name some of the closes.

    `has_bars`: those of the first run are there.
    """
    if has_bars:
        return Finding("bars", ticker, unit="day", note="the other run keeps no bars")
    note = "the bars of the run are not kept"
    if (entry := before.kept.get(ticker)) and entry.rows is not None:
        note = f"the file that it keeps was changed{_named_by_parity(entry.rows)}"
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
