"""Daily bars downloaded from Yahoo Finance.

**When there is no network.** `NoNetwork` is raised only if the request for bars made no connection, twice:
the name of the server was not found, or the system refused or had no route (curl's codes 5, 6 and 7). And
only if nothing has answered this session before: a cookie page or another ticker that was answered shows
that there is a network. A refused connection counts, because Yahoo refuses none: what refuses is a firewall
or a proxy that is not running. What breaks off, ends early, takes longer than `TIMEOUT`, or fails in TLS is
`SourceUnreachable`; an answer that came and cannot be read is `SourceBusy`.

**Currencies.** Two within one download are `SourceBusy`: nobody knows which rows are in which. Another one
than in the snapshot: both series are sound. The new one is used, the old one is kept, and that is said.
"""

from __future__ import annotations

import datetime
import errno
import logging
import socket
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from backtests.sources.missing import complete
from backtests.sources.source import (
    NoNetwork,
    SourceBusy,
    SourceUnreachable,
    UnknownTicker,
    check_adjust,
    check_ticker,
    parse_dates,
)
from backtests.sources.yahoo_answer import LARGEST, Chart, read_chart, unreadable
from forecasters.bars import COLUMNS, PRICES, Bars, Origin
from forecasters.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

#: Seconds to wait before each further attempt after a fault on Yahoo's side.
WAITS = (0.5, 2.0)
#: Seconds for a whole answer.
TIMEOUT = 20.0
#: Yahoo's quotes are delayed (20 minutes for Korea), so the row of a session is final some time after its
#: close; yfinance waits the same half hour.
SETTLE = datetime.timedelta(minutes=30)
#: The status of Yahoo's answer if it has no rows for a symbol or for the dates.
NO_BARS = (400, 404, 422)
#: yfinance has one session and one configuration for the whole process.
LOCK = threading.Lock()
#: Sessions that anything has answered.
ANSWERED: weakref.WeakSet[Any] = weakref.WeakSet()
#: curl's codes, and the system's, of a connection that was never made, and what each means.
NEVER_MADE = {
    5: "the name of the proxy was not found",
    6: "the name of the server was not found",
    7: "no connection could be made: refused, or no route",
}
NO_ROUTE = (errno.ECONNREFUSED, errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN)


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

        A row of zeros and the row of a session that is still open are left out and counted in
        `Origin.dropped`, a row with a price missing, or all of them, in `Origin.incomplete`. Rows that come
        twice or out of order are in `Origin.findings`.

        Raises
        ------
        NoNetwork
            There is no network at all: see the head of this file.
        SourceUnreachable
            No whole answer came: the connection broke off or took too long.
        SourceBusy
            A rate limit, a fault on Yahoo's side that was still there after the retries, an answer that
            cannot be read, or two currencies in one download.
        UnknownTicker
            Yahoo has no such ticker, or no rows in these dates; it does not say which of the two.
        InputError
            With ``all``, the answer has no adjusted closes.
        """
        first, stop = parse_dates(start, end)
        adjust = check_adjust(self.adjust)
        last = None if adjust == "none" else end
        frame, running, chart = self._download(check_ticker(ticker), start, last)
        if adjust == "all" and not chart.adjusted:
            raise InputError(
                f"Yahoo Finance gave no adjusted closes for {ticker}, so its prices cannot be adjusted for "
                "dividends: use --adjust splits, or give adjusted bars with --data-dir"
            )
        # The timezone is dropped, not converted: the date in Seoul stays the date.
        frame = frame.tz_localize(None)
        days = frame.index.to_numpy().astype("datetime64[D]")
        if adjust == "none":
            frame = _undo_splits(frame)
        inside = (days >= first) & (days < stop)
        prices = frame[[name.capitalize() for name in PRICES]].to_numpy(dtype=np.float64)
        zero = (prices == 0).all(axis=1)
        keep = inside & ~zero & (days != running) & ~np.isin(days, chart.contradicting())
        kept = {name: frame[name.capitalize()].to_numpy(np.float64)[keep] for name in COLUMNS}
        made = complete(days[keep], kept, "drop")
        if not made.days.size:
            raise _unknown(ticker, start, end)
        origin = Origin(
            source="yahoo",
            vendor="Yahoo Finance",
            adjusted=adjust,
            dropped=int((inside & (zero | (days == running))).sum()),
            incomplete=made.dropped,
            first_missing=made.first,
            currency=chart.currency,
            findings=chart.findings(lambda day: first <= day < stop and day != running),
        )
        return Bars(ticker, made.days, **made.columns, origin=origin)

    def _download(
        self, ticker: str, start: str, end: str | None
    ) -> tuple[pd.DataFrame, Any, Chart]:
        """Return Yahoo's rows, the date of the session that is still open (NaT if none is), the answer."""
        import yfinance as yf
        from yfinance.data import YfData
        from yfinance.exceptions import YFRateLimitError, YFTickerMissingError

        session = self.session if self.session is not None else _process_session()
        with LOCK, _raising(yf), _recorded(session) as seen:
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
                running = _running_session(symbol.history_metadata if len(frame) else {})
            except YFRateLimitError:
                raise _limited() from None
            except Exception as error:  # its parser raises anything for an answer of another form
                if seen.error is not None:
                    raise seen.error from error
                if seen.status in NO_BARS or isinstance(error, YFTickerMissingError):
                    raise _unknown(ticker, start, end) from error
                why = f"status {seen.status}, {type(error).__name__}: {str(error)[:200]!r}"
                raise unreadable(why) from error
        if seen.error is not None:
            raise seen.error
        if frame.empty or seen.chart is None:
            raise _unknown(ticker, start, end)
        if len(seen.currencies) > 1:
            raise SourceBusy(
                f"Yahoo Finance gave {ticker} in {' and in '.join(sorted(seen.currencies))} within one "
                "download: try again later, or give bars with --data-dir"
            )
        return frame, running, seen.chart


@dataclass
class _Seen:
    """What came of the requests of one download.

    Attributes
    ----------
    status : int or None
        Of the last chart answer; None if none came.
    chart : Chart or None
        Its rows.
    error : Exception or None
        What the last chart request failed of.
    currencies : set of str
        Of all chart answers.
    """

    status: int | None = None
    chart: Chart | None = None
    error: Exception | None = None
    currencies: set[str] = field(default_factory=set)


def _unreached(error: Exception, answered: bool) -> SourceUnreachable:
    """Return the error for a request without a whole answer; it says how that is known."""
    # curl ends its messages with a link to its manual.
    reason = str(error).split(" See https://curl.se")[0].rstrip(".")[:300]
    because = f"({type(error).__name__}: {reason})"
    advice = "check the network and its proxy, or give bars of your own with --data-dir"
    never = _never_made(error)
    if never and not answered:
        return NoNetwork(
            f"Yahoo Finance cannot be reached, and nothing else has answered: {never} {because}; {advice}"
        )
    what = f"{never}, after an earlier answer" if never else "no whole answer came"
    return SourceUnreachable(f"Yahoo Finance cannot be reached: {what} {because}; {advice}")


def _never_made(error: Exception) -> str | None:
    """Return in words why no connection was made; None if one was, or if that is not known."""
    if isinstance(code := getattr(error, "code", None), int):
        return NEVER_MADE.get(code)
    if isinstance(error, socket.gaierror):
        return NEVER_MADE[6]
    refused = isinstance(error, OSError) and error.errno in NO_ROUTE
    return NEVER_MADE[7] if refused or isinstance(error, ConnectionRefusedError) else None


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
def _recorded(session: Any) -> Iterator[_Seen]:
    """Record and check every chart answer; repeat a request after a fault of the server.

    It is done here, below yfinance, which would send each request twice, with two cookies, and would take a
    broken connection, an unknown ticker and a page of a portal for the same.
    """
    seen = _Seen()
    request: Callable[..., Any] = session.request

    def send(method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        try:
            return _request(request, session, method, url, *args, **kwargs)
        except OSError as error:
            if _never_made(error) is None:
                raise
        time.sleep(WAITS[0])  # a name server or a network that is just starting
        return _request(request, session, method, url, *args, **kwargs)

    def chart(method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        for wait in (*WAITS, None):
            # Cleared first: if this request gets no answer, an old status must not decide.
            seen.status = None
            answer = send(method, url, *args, **kwargs)
            seen.status = answer.status_code
            if answer.status_code < 500:
                break
            if wait is not None:
                time.sleep(wait)
        else:
            raise SourceBusy(
                f"Yahoo Finance has a fault (status {answer.status_code}, {len(WAITS) + 1} attempts): "
                "try again in some minutes, or give bars of your own with --data-dir"
            )
        if answer.status_code == 429 or answer.status_code in NO_BARS:
            return answer
        if answer.status_code != 200:
            raise unreadable(f"status {answer.status_code}")
        seen.chart = read_chart(answer.content)
        if seen.chart is not None and seen.chart.currency:
            seen.currencies.add(seen.chart.currency)
        return answer

    def record(method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        if "/v8/finance/chart/" not in url:
            return _request(request, session, method, url, *args, **kwargs)
        seen.chart = seen.error = None
        try:
            return chart(method, url, *args, **kwargs)
        except (SourceBusy, SourceUnreachable) as error:
            seen.error = error
        except OSError as error:  # every error of curl_cffi and requests is one
            seen.error = _unreached(error, session in ANSWERED)
        raise seen.error

    session.request = record
    try:
        yield seen
    finally:
        session.request = request


def _request(
    request: Callable[..., Any], session: Any, method: str, url: str, *args: Any, **kwargs: Any
) -> Any:
    """Send a request; refuse an answer that is larger than any of Yahoo's, also after it is inflated."""
    from curl_cffi import requests as curl

    body, large = bytearray(), False

    def collect(chunk: bytes) -> int:
        nonlocal large
        large = len(body) + len(chunk) > LARGEST
        if large:
            return 0xFFFFFFFF  # curl's sign to stop
        body.extend(chunk)
        return len(chunk)

    streamed = isinstance(session, curl.Session)
    kwargs |= {"timeout": TIMEOUT, **({"content_callback": collect} if streamed else {})}
    try:
        answer = request(method, url, *args, **kwargs)
    except OSError as error:
        if getattr(error, "response", None) is not None and error.response.status_code:  # type: ignore[attr-defined]
            ANSWERED.add(session)
        if large:
            raise unreadable(f"it is larger than {LARGEST >> 20} MiB") from error
        raise
    ANSWERED.add(session)
    if streamed:
        answer.content = bytes(body)
    elif len(answer.content) > LARGEST:
        raise unreadable(f"it is larger than {LARGEST >> 20} MiB")
    return answer


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
