"""Snapshots of downloads on disk: the same dates asked again give the same bars, also offline."""

from __future__ import annotations

import datetime
import json
import os
import warnings
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from backtests.sources.source import SnapshotWarning, check_adjust, check_ticker, parse_dates
from backtests.writing.atomic import write_atomically
from forecasters.bars import COLUMNS, Bars, Floats, Origin
from forecasters.errors import InputError

#: The one key under which a parquet file carries what is known about it.
KEY = b"backtests.snapshot"
#: Prices closer than this are the same: a vendor's floats wobble in the last digits.
SAME = 1e-6


def default_folder() -> Path:
    """Return `$BACKTESTS_CACHE/snapshots`, or the user's cache folder for this program."""
    import platformdirs

    cache = os.environ.get("BACKTESTS_CACHE")
    return Path(cache or platformdirs.user_cache_path("backtests")) / "snapshots"


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Bars as they were downloaded, and for which dates.

    Attributes
    ----------
    bars : Bars
    adjust : str
        What was asked for (`--adjust`).
    start, end : str
        The dates that the rows answer for, end exclusive: no session is missing in between.
    fetched : str
        When it was downloaded, UTC, ISO.
    """

    bars: Bars
    adjust: str
    start: str
    end: str
    fetched: str

    def covers(self, start: str, end: str) -> bool:
        """Return whether every weekday from `start` to before `end` is answered for."""
        first, stop = parse_dates(start, end)
        own_first, own_stop = np.datetime64(self.start), np.datetime64(self.end)
        # A Saturday more at either side holds no session.
        before = np.busday_count(first, own_first) if first < own_first else 0
        after = np.busday_count(own_stop, stop) if own_stop < stop else 0
        return bool(before == 0 and after == 0)


@dataclass(frozen=True)
class Snapshots:
    """A folder of snapshots, one file for each ticker, source and adjustment.

    A file is written under another name, flushed to the disk and renamed, so that a reader sees
    all of it or none. A file whose bars no longer have the sha256 written into it is reported and
    not used. Simulated bars are never stored.
    """

    folder: Path = field(default_factory=default_folder)

    def path(self, ticker: str, source: str, adjust: str) -> Path:
        """Return the file for this ticker, source and adjustment."""
        name = f"{check_ticker(ticker)}.parquet"
        return Path(self.folder) / source / check_adjust(adjust) / name

    def find(self, ticker: str, source: str, adjust: str) -> Snapshot | None:
        """Return the snapshot of a ticker, or None: there is none, or it is damaged (warns)."""
        path = self.path(ticker, source, adjust)
        try:
            return _read(path)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            warnings.warn(
                f"the snapshot {path} is damaged and not used ({error}); it is replaced by the "
                "next download",
                SnapshotWarning,
                stacklevel=2,
            )
            return None

    def store(
        self,
        bars: Bars,
        adjust: str,
        start: str,
        end: str,
        now: datetime.datetime | None = None,
    ) -> Snapshot:
        """Store what was just downloaded for these dates; return what is now on disk.

        Where the snapshot before agrees in all sessions that both hold, the two are joined.
        Where it does not, a vendor has rewritten history (a split, a dividend, an error mended or
        made): the old file is kept under a dated name and a warning says where they differ.

        Raises
        ------
        InputError
            For simulated bars.
        OSError
            The folder cannot be written.
        """
        if bars.origin.simulated:
            raise InputError(f"{bars.ticker}: simulated bars are not stored as a snapshot")
        parse_dates(start, end)
        now = now or datetime.datetime.now(datetime.UTC)
        # A download answers for finished days only, however far ahead its end lies.
        known = max(np.datetime64(now.date()), bars.sessions[-1] + 1)
        end = str(min(np.datetime64(end), known))
        new = Snapshot(bars, adjust, start, end, now.strftime("%Y-%m-%dT%H:%M:%SZ"))
        path = self.path(bars.ticker, bars.origin.source, adjust)
        path.parent.mkdir(parents=True, exist_ok=True)
        with warnings.catch_warnings():
            # `find` has warned of a damaged file before the download that replaces it.
            warnings.simplefilter("ignore", SnapshotWarning)
            old = self.find(bars.ticker, bars.origin.source, adjust)
        if old is not None:
            touch = old.start < new.end and new.start < old.end
            difference = _difference(old.bars, new.bars, old, new) if touch else None
            if touch and difference is None:
                new = _join(old, new)
            else:
                kept = path.with_name(f"{bars.ticker}.{old.fetched.replace(':', '')}.parquet")
                path.replace(kept)
                if difference is not None:
                    warnings.warn(
                        f"{bars.ticker}: the new download contradicts the snapshot of "
                        f"{old.fetched}: {difference}; the new bars are used, the old ones kept "
                        f"in {kept}",
                        SnapshotWarning,
                        stacklevel=2,
                    )
        _write(path, new)
        return new


def _difference(a: Bars, b: Bars, old: Snapshot, new: Snapshot) -> str | None:
    """Return where two series differ on the dates that both answer for, or None."""
    start, end = max(old.start, new.start), min(old.end, new.end)
    rows = [np.flatnonzero(_within(bars, start, end)) for bars in (a, b)]
    lone = np.setxor1d(a.sessions[rows[0]], b.sessions[rows[1]])
    if lone.size:
        return f"{lone.size} sessions are in one of the two only, the first {lone[0]}"
    found = []
    for name in COLUMNS:
        x, y = getattr(a, name)[rows[0]], getattr(b, name)[rows[1]]
        differ = np.flatnonzero(~np.isclose(x, y, rtol=SAME, atol=0.0))
        if differ.size:
            t = differ[0]
            day = a.sessions[rows[0]][t]
            found.append(f"{name} on {differ.size} days, the first {day}: {x[t]:g}, now {y[t]:g}")
    return "; ".join(found) or None


def _within(bars: Bars, start: str, end: str) -> np.ndarray[Any, np.dtype[np.bool_]]:
    return (bars.sessions >= np.datetime64(start)) & (bars.sessions < np.datetime64(end))


def _join(old: Snapshot, new: Snapshot) -> Snapshot:
    """Return the union of two snapshots that agree; where both have a row, the older one stays."""
    a, b = old.bars, new.bars
    fresh = ~np.isin(b.sessions, a.sessions)
    sessions = np.concatenate([a.sessions, b.sessions[fresh]])
    order = np.argsort(sessions)
    columns: dict[str, Floats] = {
        name: np.concatenate([getattr(a, name), getattr(b, name)[fresh]])[order] for name in COLUMNS
    }
    origin = replace(
        b.origin,
        dropped=max(a.origin.dropped, b.origin.dropped),
        widened=max(a.widened, b.widened),
    )
    bars = Bars(b.ticker, sessions[order], **columns, origin=origin)
    return replace(new, bars=bars, start=min(old.start, new.start), end=max(old.end, new.end))


def _read(path: Path) -> Snapshot:
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    about = json.loads(table.schema.metadata[KEY])
    bars = Bars(
        about["ticker"],
        table["session"].to_numpy().astype("datetime64[D]"),
        **{name: table[name].to_numpy() for name in COLUMNS},
        origin=Origin(**about["origin"]),
    )
    if bars.digest != about["sha256"]:
        raise ValueError(f"sha256 {bars.digest[:8]} is not the {about['sha256'][:8]} written in it")
    if path.stem != bars.ticker:
        raise ValueError(f"it holds {bars.ticker}")
    return Snapshot(bars, *(about[name] for name in ("adjust", "start", "end", "fetched")))


def _write(path: Path, snapshot: Snapshot) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    bars = snapshot.bars
    about = {
        "ticker": bars.ticker,
        "origin": asdict(bars.origin),
        "sha256": bars.digest,
        **{name: getattr(snapshot, name) for name in ("adjust", "start", "end", "fetched")},
    }
    table = pa.table({"session": bars.sessions, **{name: getattr(bars, name) for name in COLUMNS}})
    table = table.replace_schema_metadata({KEY: json.dumps(about, sort_keys=True)})
    write_atomically(path, lambda file: pq.write_table(table, file))
