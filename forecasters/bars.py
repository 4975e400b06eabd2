"""Daily bars of one ticker, checked once when they are made."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from forecasters.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

Days = NDArray[np.datetime64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

PRICES = ("open", "high", "low", "close")
COLUMNS = (*PRICES, "volume")
#: Rounding after an adjustment leaves a high or low a few won inside open and close: 3 won, and
#: at higher prices up to 5, as seen in a real KRX export (068270, at 50,000 to 65,000 won, 0.8
#: basis points). Prices with decimals may be off by a basis point. Beyond this a row is wrong.
ROUNDING_WON = (3.0, 5.0)
ROUNDING_SHARE = 1e-4


def sessions_per_year(sessions: Days) -> float:
    """Return how many sessions a year these days show; 252 where they span under 90 days.

    Parameters
    ----------
    sessions : datetime64[D], shape [T]
        In order, at least one.

    Examples
    --------
    >>> sessions_per_year(np.arange("2018-01-01", "2020-01-01", dtype="datetime64[D]"))
    365.25
    """
    days = int((sessions[-1] - sessions[0]).astype(int))
    return (len(sessions) - 1) / days * 365.25 if days >= 90 else 252.0


@dataclass(frozen=True)
class Origin:
    """Where bars come from. Nothing is labelled real that is not: a maker of bars must say.

    Attributes
    ----------
    source : str
        The name of the data source (``yahoo``, ``csv``, ``bundled``, ``simulated``, ``memory``).
    vendor : str
        Who measured the prices, or the file they were read from.
    simulated : bool
        True when the prices were drawn from a random generator.
    adjusted : str
        What the prices are adjusted for: ``splits``, ``all``, ``none`` or ``unknown``.
    dropped : int
        Rows that the source left out because they hold no session (closed days, nulls).
    incomplete, filled : int
        Rows in which a price is missing: how many the source left out, and how many it made sessions
        without trade.
    first_missing : str
        The first day of such a row; empty if there is none.
    widened : int
        Rows whose high or low was widened to hold open and close; `Bars` counts them.
    splits : tuple of (session, ratio)
        Splits that were applied to the rows before this session: prices times the ratio (``1/5``),
        volumes divided by it.
    as_is : tuple of str
        Days on which the close moves as no market allows, kept as they are on the user's word.
    currency, currency_before : str
        Of the prices, as the source says it, and of an earlier download of the same ticker where it was
        another; empty if unknown.
    findings : tuple of (kind, rows, first day)
        What was wrong with the rows as they came: ``repeated``, ``contradicting``, ``unsorted``.
    """

    source: str = "memory"
    vendor: str = "unknown"
    simulated: bool = False
    adjusted: str = "unknown"
    dropped: int = 0
    incomplete: int = 0
    filled: int = 0
    first_missing: str = ""
    widened: int = 0
    splits: tuple[tuple[str, str], ...] = ()
    as_is: tuple[str, ...] = ()
    currency: str = ""
    currency_before: str = ""
    findings: tuple[tuple[str, int, str], ...] = ()


@dataclass(frozen=True, eq=False)
class Bars:
    """Validated daily bars, arrays of shape [T], read-only. Row t is known after the close of t.

    A halt (no volume and no open, or no volume and no range) is marked not tradable; its missing
    open, high and low are set to the close that the exchange repeats. A high or low that rounding
    left slightly inside open and close is widened and counted in `origin.widened`. Anything worse
    raises `FaultyRow` for the first row in time that is wrong, with the sound rows before it; what is
    wrong with all of them (a date missing, rows not in order) raises `InputError`.

    Attributes
    ----------
    sessions : datetime64[D], shape [T]
        Trading dates, strictly increasing, without a timezone.
    open, high, low, close : float64, shape [T]
        Prices in the currency of the listing.
    volume : float64, shape [T]
        Shares.
    tradable : bool, shape [T]
        False on a halt: no fill, no forecast, no error counted.

    Raises
    ------
    FaultyRow
        A row cannot be used; the rows before it can.
    InputError
        All rows are concerned: dates are missing or not in order, arrays differ in length.

    Examples
    --------
    >>> import numpy as np
    >>> bars = Bars(
    ...     "A.KS",
    ...     sessions=np.array(["2019-01-02", "2019-01-03", "2019-01-04"], dtype="datetime64[D]"),
    ...     open=np.array([100.0, 0.0, 101.0]),
    ...     high=np.array([102.0, 0.0, 103.0]),
    ...     low=np.array([99.0, 0.0, 100.0]),
    ...     close=np.array([101.0, 101.0, 102.0]),
    ...     volume=np.array([900.0, 0.0, 800.0]),
    ... )
    >>> bars.tradable.tolist(), bars.open.tolist()  # the second session was a halt
    ([True, False, True], [100.0, 101.0, 101.0])
    """

    ticker: str
    sessions: Days
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    origin: Origin = field(default_factory=Origin)
    tradable: Flags = field(init=False)

    def __post_init__(self) -> None:
        sessions = np.array(self.sessions, dtype="datetime64[D]")
        columns = {name: np.array(getattr(self, name), dtype=np.float64) for name in COLUMNS}
        self._check_shape(sessions, columns)
        tradable = _repair_halts(columns)
        widened = _widen(columns)
        self._check_rows(sessions, columns)
        for name, array in {"sessions": sessions, "tradable": tradable, **columns}.items():
            array.setflags(write=False)
            object.__setattr__(self, name, array)
        origin = replace(self.origin, widened=self.origin.widened + widened)
        object.__setattr__(self, "origin", origin)

    def _check_shape(self, sessions: Days, columns: dict[str, Floats]) -> None:
        if sessions.ndim != 1 or sessions.size == 0:
            raise InputError(f"{self.ticker}: no bars at all; check the ticker and the dates")
        for name, column in columns.items():
            if column.shape != sessions.shape:
                raise InputError(
                    f"{self.ticker}: {name} has {column.shape} values for {sessions.size} sessions"
                )
        if np.isnat(sessions).any():
            raise InputError(
                f"{self.ticker}: row {int(np.isnat(sessions).argmax()) + 1} has no date"
            )
        steps = np.diff(sessions).astype(int)
        if (steps < 0).any():
            row = int((steps < 0).argmax())
            raise InputError(
                f"{self.ticker}: {sessions[row + 1]} comes after {sessions[row]}; sort the rows by "
                "date, each once"
            )
        if (steps == 0).any():
            # Which of the two holds was not known on that day: neither is used.
            row = int((steps == 0).argmax())
            raise self._fault(
                row, f"{sessions[row]} comes twice", "sort the rows by date, each once"
            )

    def _check_rows(self, sessions: Days, columns: dict[str, Floats]) -> None:
        o, h, low, c = (columns[name] for name in PRICES)
        checks = (
            (
                "a value that is not a finite number",
                ~np.isfinite(np.stack(list(columns.values()))).all(0),
            ),
            ("a price of zero or less", np.minimum.reduce([o, h, low, c]) <= 0),
            ("a negative volume", columns["volume"] < 0),
            ("a high below its open, close or low", h < np.maximum.reduce([o, c, low])),
            ("a low above its open or close", low > np.minimum(o, c)),
        )
        wrong = np.stack([flags for _, flags in checks])
        if wrong.any():
            row = int(wrong.any(axis=0).argmax())  # the first in time, whatever is wrong with it
            kind = checks[int(wrong[:, row].argmax())][0]
            values = ", ".join(f"{name} {columns[name][row]:g}" for name in COLUMNS)
            what = f"row {row + 1} ({sessions[row]}) has {kind}: {values}"
            raise self._fault(row, what, "correct or remove that row")

    def _fault(self, row: int, what: str, advice: str) -> FaultyRow:
        """Return the error about a row; a fault of the rows before it is raised instead."""
        session = np.datetime64(self.sessions[row], "D")
        before = self.rows(slice(0, row)) if row else None
        return FaultyRow(f"{self.ticker}: {what}; {advice}", self.ticker, session, what, before)

    def __len__(self) -> int:
        return self.sessions.size

    @property
    def widened(self) -> int:
        """Number of rows whose high or low was widened, here or where these bars were cut from."""
        return self.origin.widened

    @property
    def halts(self) -> int:
        """Number of sessions that are not tradable."""
        return int((~self.tradable).sum())

    @property
    def digest(self) -> str:
        """The sha256 of the dates and prices, the same on every machine."""
        h = hashlib.sha256(self.ticker.encode())
        h.update(self.sessions.astype("<i8").tobytes())
        for name in COLUMNS:
            h.update(getattr(self, name).astype("<f8").tobytes())
        return h.hexdigest()

    @property
    def frame(self) -> pd.DataFrame:
        """The bars as a DataFrame: a DatetimeIndex and columns open, high, low, close, volume."""
        import pandas as pd

        index = pd.DatetimeIndex(self.sessions, name="session")
        return pd.DataFrame({name: getattr(self, name) for name in COLUMNS}, index=index)

    @property
    def periods_per_year(self) -> float:
        """Sessions a year, as these bars show them: about 246 on the Korea Exchange, not 252."""
        return sessions_per_year(self.sessions)

    def between(self, start: str | None = None, end: str | None = None) -> Bars:
        """Return the bars from `start` to before `end` (ISO dates, end exclusive)."""
        keep = np.ones(len(self), dtype=bool)
        try:
            if start is not None:
                keep &= self.sessions >= np.datetime64(start, "D")
            if end is not None:
                keep &= self.sessions < np.datetime64(end, "D")
        except ValueError as error:
            raise InputError(f"from '{start}' to '{end}': write dates as 2015-01-31") from error
        return self.rows(np.flatnonzero(keep))

    def rows(self, rows: slice | NDArray[np.intp]) -> Bars:
        """Return the bars of these rows, in order."""
        kept: dict[str, Any] = {name: getattr(self, name)[rows] for name in ("sessions", *COLUMNS)}
        return replace(self, **kept)

    @classmethod
    def from_frame(cls, ticker: str, frame: pd.DataFrame, origin: Origin | None = None) -> Bars:
        """Make bars of a DataFrame with a date index and OHLCV columns in any capitals.

        A timezone is dropped, not converted: the date in Seoul stays that date (Backtrader would
        otherwise trade it a day early).
        """
        import pandas as pd

        columns = {str(name).lower(): frame[name] for name in frame.columns}
        missing = [name for name in COLUMNS if name not in columns]
        if missing:
            raise InputError(
                f"{ticker}: no column {', '.join(missing)}; the columns are "
                f"{', '.join(map(str, frame.columns))}"
            )
        if len(columns) < len(frame.columns):
            raise InputError(
                f"{ticker}: a column comes twice: {', '.join(map(str, frame.columns))}"
            )
        if not isinstance(frame.index, pd.DatetimeIndex):
            raise InputError(
                f"{ticker}: the index is a {type(frame.index).__name__}, not dates: "
                "frame.index = pd.to_datetime(...)"
            )
        index = frame.index
        sessions = (index.tz_localize(None) if index.tz is not None else index).normalize()
        try:
            values: dict[str, Any] = {n: columns[n].to_numpy(dtype=np.float64) for n in COLUMNS}
        except ValueError as error:
            raise InputError(f"{ticker}: a price or volume is no number: {error}") from error
        days = sessions.to_numpy().astype("datetime64[D]")
        return cls(ticker, days, **values, origin=origin or Origin())


def _repair_halts(columns: dict[str, Floats]) -> Flags:
    """Set the prices of halts to the repeated close, in place; return the tradable flags [T].

    Each row is judged alone. No volume but a range is a session whose volume the vendor lacks
    (indices, currencies), not a halt.
    """
    o, h, low, c = (columns[name] for name in PRICES)
    quiet = columns["volume"] == 0
    blank = quiet & (o == 0)
    flat = quiet & (h == low) & (o == c)
    for array in (o, h, low):
        array[blank] = c[blank]
    return np.asarray(~(blank | flat))


def _widen(columns: dict[str, Floats]) -> int:
    """Widen highs and lows that rounding left inside open and close, in place; return the count."""
    o, h, low, c = (columns[name] for name in PRICES)
    integers = np.logical_and.reduce([np.rint(columns[name]) == columns[name] for name in PRICES])
    share = ROUNDING_SHARE * np.abs(c)
    room = np.where(integers & (c >= 100), np.clip(share, *ROUNDING_WON), share)
    top, bottom = np.maximum(o, c), np.minimum(o, c)
    with np.errstate(invalid="ignore"):  # inf - inf: the checks that follow refuse the row
        short = (h < top) & (top - h <= room)
        tall = (low > bottom) & (low - bottom <= room)
    h[short] = top[short]
    low[tall] = bottom[tall]
    return int((short | tall).sum())


class FaultyRow(InputError):
    """A row of bars that cannot be used, while the rows before it can.

    Attributes
    ----------
    ticker : str
    session : datetime64[D]
        The day of the row.
    what : str
        Where the row is and what is wrong with it, without the ticker.
    before : Bars or None
        The rows before it, all sound; None where it is the first.
    """

    def __init__(
        self, message: str, ticker: str, session: np.datetime64, what: str, before: Bars | None
    ) -> None:
        super().__init__(message)
        self.ticker, self.session, self.what, self.before = ticker, session, what, before
