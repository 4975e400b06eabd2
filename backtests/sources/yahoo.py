"""Daily bars downloaded from Yahoo Finance."""

from __future__ import annotations

import datetime
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from backtests.sources.missing import complete
from backtests.sources.source import (
    SourceBusy,
    SourceUnreachable,
    UnknownTicker,
    check_adjust,
    check_ticker,
    parse_dates,
)
from forecasters.bars import COLUMNS, PRICES, Bars, Origin

if TYPE_CHECKING:
    import pandas as pd

#: Seconds to wait before each further attempt after a fault on Yahoo's side.
WAITS = (0.5, 2.0)
#: Yahoo's quotes are delayed (20 minutes for Korea), so the row of a session is final some time after its
#: close; yfinance waits the same half hour.
SETTLE = datetime.timedelta(minutes=30)
#: The status of Yahoo's answer if it has no rows for a symbol or for the dates.
NO_BARS = (400, 404, 422)
#: yfinance has one session and one configuration for the whole process.
LOCK = threading.Lock()


@dataclass(frozen=True)
class Yahoo:
    """Downloads through `yfinance`, and finds out why a download failed.

    For an unknown ticker, a rate limit, a fault of the server and a missing network yfinance returns an
    empty table or raises some exception of its parser. So the status of every answer is recorded, and it
    decides; an exception decides only if no answer came.

    Attributes
    ----------
    adjust : str
        ``splits``: prices and volumes as Yahoo keeps them. ``all``: prices adjusted for dividends
        too. ``none``: splits are undone in prices and volumes, with Yahoo's list of splits; the download
        then runs to today, because a split after `end` has changed the bars before it.
    session : curl_cffi or requests session, optional
        Sends the requests; a test sends them to its own server.
    """

    adjust: str = "splits"
    session: Any = field(default=None, repr=False, compare=False)

    def fetch(self, ticker: str, start: str, end: str) -> Bars:
        """Return the bars from `start` to before `end`, closed sessions only.

        A row without any price and the row of a session that is still open are left out and counted in
        `Origin.dropped`, a row with a price missing in `Origin.incomplete`.

        Raises
        ------
        SourceUnreachable
            No answer came: no network, no name server, a refused connection.
        SourceBusy
            A rate limit, or a fault on Yahoo's side that was still there after the retries.
        UnknownTicker
            Yahoo has no such ticker, or no rows in these dates; it does not say which of the two.
        """
        first, stop = parse_dates(start, end)
        adjust = check_adjust(self.adjust)
        last = None if adjust == "none" else end
        frame, running = self._download(check_ticker(ticker), start, last)
        # The timezone is dropped, not converted: the date in Seoul stays the date.
        frame = frame.tz_localize(None)
        days = frame.index.to_numpy().astype("datetime64[D]")
        if adjust == "none":
            frame = _undo_splits(frame)
        inside = (days >= first) & (days < stop)
        prices = frame[[name.capitalize() for name in PRICES]].to_numpy(dtype=np.float64)
        blank = (np.isnan(prices) | (prices == 0)).all(axis=1)
        keep = inside & ~blank & (days != running)
        kept = {name: frame[name.capitalize()].to_numpy(np.float64)[keep] for name in COLUMNS}
        made = complete(days[keep], kept, "drop")
        if not made.days.size:
            raise _unknown(ticker, start, end)
        origin = Origin(
            source="yahoo",
            vendor="Yahoo Finance",
            adjusted=adjust,
            dropped=int((inside & ~keep).sum()),
            incomplete=made.dropped,
            first_missing=made.first,
        )
        return Bars(ticker, made.days, **made.columns, origin=origin)

    def _download(self, ticker: str, start: str, end: str | None) -> tuple[pd.DataFrame, Any]:
        """Return Yahoo's rows and the date of the session that is still open (NaT if none is)."""
        import yfinance as yf
        from yfinance.data import YfData
        from yfinance.exceptions import YFException, YFRateLimitError

        session = self.session if self.session is not None else _process_session()
        with LOCK, _raising(yf), _recorded(session) as statuses:
            # yfinance keeps answers about the past in memory, also faults, and would repeat them without
            # a request. The cache is cleared, so that every download has a status.
            YfData.cache_get.cache_clear()
            try:
                symbol = yf.Ticker(ticker, session=session)
                frame = symbol.history(
                    start=start,
                    end=end,
                    auto_adjust=self.adjust == "all",
                    actions=True,
                    keepna=True,
                )
                metadata = symbol.history_metadata if len(frame) else {}
            except SourceBusy:
                raise
            except YFRateLimitError:
                raise _limited() from None
            except (YFException, OSError, LookupError, TypeError, ValueError) as error:
                raise _error_for(statuses, error, ticker, start, end) from error
        if frame.empty:
            raise _error_for(statuses, None, ticker, start, end)
        return frame, _running_session(metadata)


def _error_for(
    statuses: list[int], error: Exception | None, ticker: str, start: str, end: str | None
) -> Exception:
    """Return the error that the last answer stands for; without a status no answer came.

    The status is checked first: after a 404, yfinance's search for a timezone ends in an `HTTPError`. That
    is an `OSError`, as a refused connection is, and must not be taken for a missing network.
    """
    from yfinance.exceptions import YFTickerMissingError

    status = statuses[-1] if statuses else None
    if status is None and isinstance(error, OSError):
        # curl ends its messages with a link to its manual.
        reason = str(error).split(" See https://curl.se")[0].rstrip(".")
        return SourceUnreachable(
            f"Yahoo Finance cannot be reached ({type(error).__name__}: {reason}); check the network "
            "and its proxy, or give bars of your own with --data-dir"
        )
    if status == 429:
        return _limited()
    if status in NO_BARS or error is None or isinstance(error, YFTickerMissingError):
        return _unknown(ticker, start, end)
    return SourceBusy(
        f"Yahoo Finance gave an answer for {ticker} that cannot be read (status {status}, {error});"
        " there may be a proxy or portal in between: try again later, or give bars with --data-dir"
    )


def _unknown(ticker: str, start: str, end: str | None) -> UnknownTicker:
    return UnknownTicker(
        f"Yahoo Finance has no bars of {ticker} from {start} to before {end or 'today'}: check the "
        "ticker (KOSPI 051900.KS, KOSDAQ 035760.KQ, index ^KS11) and the dates; Yahoo gives the "
        "same answer to a wrong ticker and to dates without a session"
    )


def _limited() -> SourceBusy:
    return SourceBusy(
        "Yahoo Finance limits the rate of requests (429) and asks to come back later: wait, at "
        "times an hour, or give bars of your own with --data-dir"
    )


@lru_cache(maxsize=1)
def _process_session() -> Any:
    """Return the one session of the process, with a browser's fingerprint, which Yahoo accepts."""
    from curl_cffi.requests import Session

    return Session(impersonate="chrome")


@contextmanager
def _raising(yf: Any) -> Iterator[None]:
    """Let yfinance raise instead of printing, for the `with` block."""
    log = logging.getLogger("yfinance")
    hidden, level = yf.config.debug.hide_exceptions, log.level
    yf.config.debug.hide_exceptions = False
    log.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        yf.config.debug.hide_exceptions = hidden
        log.setLevel(level)


@contextmanager
def _recorded(session: Any) -> Iterator[list[int]]:
    """Record the status of every chart answer; repeat a request after a fault of the server.

    It is repeated here, below yfinance, which would send each request twice, with two cookies.
    """
    statuses: list[int] = []
    request: Callable[..., Any] = session.request

    def record(method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        if "/v8/finance/chart/" not in url:
            return request(method, url, *args, **kwargs)
        for wait in (*WAITS, None):
            # Cleared first: if this request gets no answer, an old status must not decide.
            statuses.clear()
            answer = request(method, url, *args, **kwargs)
            statuses.append(answer.status_code)
            if answer.status_code < 500:
                return answer
            if wait is not None:
                time.sleep(wait)
        raise SourceBusy(
            f"Yahoo Finance has a fault (status {answer.status_code}, {len(WAITS) + 1} attempts): "
            "try again in some minutes, or give bars of your own with --data-dir"
        )

    session.request = record
    try:
        yield statuses
    finally:
        session.request = request


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def _running_session(metadata: Any) -> np.datetime64:
    """Return the date, at the exchange, of a session whose row is not final yet; NaT if there is none."""
    import pandas as pd

    if "exchangeTimezoneName" not in metadata:
        return np.datetime64("NaT")
    now = pd.Timestamp(_now()).tz_convert(metadata["exchangeTimezoneName"])
    today = np.datetime64(now.date(), "D")
    try:
        close = pd.Timestamp(metadata["currentTradingPeriod"]["regular"]["end"])
    except (KeyError, TypeError, ValueError):
        # The hours are unknown: the session of today may be open, so it is left out.
        return today
    settled = close.date() > now.date() or (close.date() == now.date() and now >= close + SETTLE)
    return np.datetime64("NaT") if settled else today


def _undo_splits(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the prices and volumes as they were traded: row t is multiplied by all splits after t."""
    ratio = frame["Stock Splits"].replace(0.0, 1.0)
    # The row of a split is already in new shares: only later splits count, hence the shift.
    later = ratio[::-1].cumprod()[::-1].shift(-1, fill_value=1.0)
    frame = frame.copy()
    for name in PRICES:
        frame[name.capitalize()] *= later
    frame["Volume"] = frame["Volume"] / later
    return frame
