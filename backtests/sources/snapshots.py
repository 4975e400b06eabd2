"""Snapshots of downloads on disk: the same dates give the same bars again, also without a network."""

from __future__ import annotations

import datetime
import json
import os
import warnings
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from backtests.reading.files import refuse_other
from backtests.reading.parquet import read_table
from backtests.sources.bars_table import from_table, origin_of, to_table
from backtests.sources.source import SnapshotWarning, check_adjust, check_ticker, parse_dates
from backtests.writing.atomic import write_atomically
from backtests.writing.names import file_stem
from forecasters.bars import COLUMNS, Bars, Floats, Origin
from forecasters.errors import InputError

#: The metadata key of a parquet file that holds the description of its snapshot.
KEY = b"backtests.snapshot"
#: Relative difference below which prices are equal: a vendor's floats vary in the last digits.
SAME = 1e-6
#: How the time of a download is written.
FETCHED = "%Y-%m-%dT%H:%M:%SZ"


def default_folder() -> Path:
    """Return `$BACKTESTS_CACHE/snapshots`, or the user's cache folder for this program."""
    import platformdirs

    cache = os.environ.get("BACKTESTS_CACHE")
    return Path(cache or platformdirs.user_cache_path("backtests")) / "snapshots"


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Bars as they were downloaded, and the dates of the download.

    Attributes
    ----------
    bars : Bars
    adjust : str
        The adjustment of the download (`--adjust`).
    start, end : str
        The dates of the download, end exclusive: no session between them is missing.
    fetched : str
        Time of the download, UTC, ISO.
    """

    bars: Bars
    adjust: str
    start: str
    end: str
    fetched: str

    def covers(self, start: str, end: str) -> bool:
        """Return whether the download includes every weekday from `start` to before `end`."""
        first, stop = parse_dates(start, end)
        stored_first, stored_stop = np.datetime64(self.start), np.datetime64(self.end)
        # Weekdays only: a further Saturday at either end has no session.
        before = np.busday_count(first, stored_first) if first < stored_first else 0
        after = np.busday_count(stored_stop, stop) if stored_stop < stop else 0
        return bool(before == 0 and after == 0)


@dataclass(frozen=True)
class Snapshots:
    """A folder of snapshots, one file for each ticker, source and adjustment.

    A file is written under another name, flushed to the disk and renamed, so a reader sees the complete
    file or none. A file whose bars no longer have the sha256 in its header is reported and not used.
    Simulated bars are never stored.
    """

    folder: Path = field(default_factory=default_folder)

    def path(self, ticker: str, source: str, adjust: str) -> Path:
        """Return the file for this ticker, source and adjustment."""
        name = f"{file_stem(check_ticker(ticker))}.parquet"
        return Path(self.folder) / source / check_adjust(adjust) / name

    def find(self, ticker: str, source: str, adjust: str) -> Snapshot | None:
        """Return the snapshot of a ticker; None if there is none or it is damaged (with a warning)."""
        path = self.path(ticker, source, adjust)
        try:
            return _read(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (
            OSError,
            ValueError,
            LookupError,
            TypeError,
            AttributeError,
            RecursionError,
        ) as error:
            warnings.warn(
                f"the snapshot {path} is damaged and not used ({_first_line(error)}); the next download "
                "replaces it",
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
        """Store a new download of these dates; return what is now on disk.

        If the earlier snapshot agrees in all sessions of both, the two are joined. If it does not, the
        vendor has changed past prices (a split, a dividend, an error corrected or made): the old file is
        kept under a dated name, and a warning says where the two differ.

        Raises
        ------
        InputError
            The bars are simulated.
        OSError
            The folder cannot be written.
        """
        if bars.origin.simulated:
            raise InputError(f"{bars.ticker}: simulated bars are not stored as a snapshot")
        parse_dates(start, end)
        now = now or datetime.datetime.now(datetime.UTC)
        # A download includes only finished days, even if its end is in the future.
        finished = max(np.datetime64(now.date()), bars.sessions[-1] + 1)
        end = str(min(np.datetime64(end), finished))
        new = Snapshot(bars, adjust, start, end, now.strftime(FETCHED))
        path = self.path(bars.ticker, bars.origin.source, adjust)
        path.parent.mkdir(parents=True, exist_ok=True)
        with warnings.catch_warnings():
            # `find` has already warned of a damaged file, before the download that replaces it.
            warnings.simplefilter("ignore", SnapshotWarning)
            old = self.find(bars.ticker, bars.origin.source, adjust)
        if old is not None:
            overlap = old.start < new.end and new.start < old.end
            difference = _difference(old, new) if overlap else None
            if changed := _other_currency(old, new):
                difference = f"the prices were in {changed} and are in {bars.origin.currency}"
                origin = replace(bars.origin, currency_before=changed)
                new = replace(new, bars=replace(bars, origin=origin))
            if overlap and difference is None:
                new = _join(old, new)
            else:
                kept = path.with_name(f"{path.stem}.{old.fetched.replace(':', '')}.parquet")
                path.replace(kept)
                if difference is not None:
                    warnings.warn(
                        f"{bars.ticker}: the new download differs from the snapshot of "
                        f"{old.fetched}: {difference}; the new bars are used, the old bars are kept "
                        f"in {kept}",
                        SnapshotWarning,
                        stacklevel=2,
                    )
        _write(path, new)
        return new


def _other_currency(old: Snapshot, new: Snapshot) -> str:
    """Return the currency of the older prices if it is known and another one, else an empty text."""
    before, now = old.bars.origin.currency, new.bars.origin.currency
    return before if before and now and before != now else ""


def _difference(old: Snapshot, new: Snapshot) -> str | None:
    """Return where two snapshots differ on the dates of both, or None."""
    start, end = max(old.start, new.start), min(old.end, new.end)
    before, after = (np.flatnonzero(_within(bars, start, end)) for bars in (old.bars, new.bars))
    unmatched = np.setxor1d(old.bars.sessions[before], new.bars.sessions[after])
    if unmatched.size:
        return f"{unmatched.size} sessions are only in one of the two, the first {unmatched[0]}"
    differences = []
    for name in COLUMNS:
        x, y = getattr(old.bars, name)[before], getattr(new.bars, name)[after]
        differ = np.flatnonzero(~np.isclose(x, y, rtol=SAME, atol=0.0))
        if differ.size:
            t = differ[0]
            day = old.bars.sessions[before][t]
            differences.append(
                f"{name} on {differ.size} days, the first {day}: {x[t]:g}, now {y[t]:g}"
            )
    return "; ".join(differences) or None


def _within(bars: Bars, start: str, end: str) -> np.ndarray[Any, np.dtype[np.bool_]]:
    return (bars.sessions >= np.datetime64(start)) & (bars.sessions < np.datetime64(end))


def _join(old: Snapshot, new: Snapshot) -> Snapshot:
    """Return the union of two snapshots that agree; of a row in both, the older one stays."""
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
        incomplete=max(a.origin.incomplete, b.origin.incomplete),
        first_missing=min(
            filter(None, (a.origin.first_missing, b.origin.first_missing)), default=""
        ),
        widened=max(a.widened, b.widened),
        currency=b.origin.currency or a.origin.currency,
        currency_before=b.origin.currency_before or a.origin.currency_before,
        findings=_joined_findings(a.origin, b.origin),
    )
    bars = Bars(b.ticker, sessions[order], **columns, origin=origin)
    return replace(new, bars=bars, start=min(old.start, new.start), end=max(old.end, new.end))


def _joined_findings(a: Origin, b: Origin) -> tuple[tuple[str, int, str], ...]:
    """Return the findings of two downloads that overlap: of each kind the larger count, the first day."""
    kinds = dict.fromkeys(kind for kind, *_ in (*a.findings, *b.findings))
    joined = []
    for wanted in kinds:
        both = [found for found in (*a.findings, *b.findings) if found[0] == wanted]
        joined.append((wanted, max(n for _, n, _ in both), min(day for *_, day in both)))
    return tuple(joined)


def _read(path: Path) -> Snapshot:
    refuse_other(path, "it")
    table = read_table(path, "it")
    about = json.loads(table.schema.metadata[KEY])
    texts = [about[name] for name in ("ticker", "adjust", "start", "end", "fetched", "sha256")]
    if not all(isinstance(text, str) for text in texts):
        raise ValueError("its header has values of the wrong type")
    origin = origin_of(about["origin"])
    parse_dates(about["start"], about["end"])
    datetime.datetime.strptime(about["fetched"], FETCHED)  # a part of a file name
    bars = from_table(table, about["ticker"], origin)
    if bars.digest != about["sha256"]:
        raise ValueError(
            f"sha256 {bars.digest[:8]} differs from {about['sha256'][:8]} in its header"
        )
    if path.stem != file_stem(bars.ticker):
        raise ValueError(f"it holds {bars.ticker}")
    return Snapshot(bars, *(about[name] for name in ("adjust", "start", "end", "fetched")))


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]


def _write(path: Path, snapshot: Snapshot) -> None:
    import pyarrow.parquet as pq

    bars = snapshot.bars
    about = {
        "ticker": bars.ticker,
        "origin": asdict(bars.origin),
        "sha256": bars.digest,
        **{name: getattr(snapshot, name) for name in ("adjust", "start", "end", "fetched")},
    }
    table = to_table(bars).replace_schema_metadata({KEY: json.dumps(about, sort_keys=True)})
    write_atomically(path, lambda file: pq.write_table(table, file))
