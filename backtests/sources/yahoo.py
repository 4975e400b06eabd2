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

from backtests.sources.source import (
    SourceBusy,
    SourceUnreachable,
    UnknownTicker,
    check_adjust,
    check_ticker,
    parse_dates,
)
from forecasters.bars import PRICES, Bars, Origin

if TYPE_CHECKING:
    import pandas as pd

#: Seconds to wait before each further attempt after a fault on Yahoo's side.
WAITS = (0.5, 2.0)
#: Yahoo's quotes lag (20 minutes for Korea), so the row of a session settles some time after its
#: close; yfinance counts on the same half hour.
SETTLE = datetime.timedelta(minutes=30)
#: How Yahoo answers a symbol, or dates, that it has nothing for.
NO_BARS = (400, 404, 422)
#: yfinance has one session and one configuration for the whole process.
LOCK = threading.Lock()


@dataclass(frozen=True)
class Yahoo:
    """Downloads through `yfinance`, and tells apart why a download failed.

    yfinance answers an unknown ticker, a rate limit, a fault of the server and a missing network
    with an empty table or with whatever exception its parser stumbled over. So the status of
    every answer is noted as it passes, and decides; an exception decides only where no answer
    came at all.

    Attributes
    ----------
    adjust : str
        ``splits``: prices and volumes as Yahoo keeps them. ``all``: prices adjusted for dividends
        too. ``none``: splits undone with Yahoo's own list of them, in prices and volumes; the
        download then runs to today, since a split after `end` has changed the bars before it.
    session : curl_cffi or requests session, optional
        What carries the requests; a test sends them to a server of its own.
    """

    adjust: str = "splits"
    session: Any = field(default=None, repr=False, compare=False)

    def fetch(self, ticker: str, start: str, end: str) -> Bars:
        """Return the bars from `start` to before `end`; only sessions that have closed.

        A row without a price and the row of a session still running are left out and counted in
        `Origin.dropped`.

        Raises
        ------
        SourceUnreachable
            No answer came: no network, no name server, a refused connection.
        SourceBusy
            A rate limit, or a fault on Yahoo's side that outlasted the retries.
        UnknownTicker
            Yahoo has no such ticker, or no rows in these dates: it does not say which.
        """
        first, stop = parse_dates(start, end)
        adjust = check_adjust(self.adjust)
        last = None if adjust == "none" else end
        frame, running = self._download(check_ticker(ticker), start, last)
        # A timezone is dropped, not converted: the date in Seoul stays that date.
        frame = frame.tz_localize(None)
        days = frame.index.to_numpy().astype("datetime64[D]")
        if adjust == "none":
            frame = _undo_splits(frame)
        inside = (days >= first) & (days < stop)
        prices = frame[[name.capitalize() for name in PRICES]].to_numpy(dtype=np.float64)
        blank = (np.isnan(prices) | (prices == 0)).all(axis=1)
        keep = inside & ~blank & (days != running)
        if not keep.any():
            raise _unknown(ticker, start, end)
        origin = Origin(
            source="yahoo",
            vendor="Yahoo Finance",
            adjusted=adjust,
            dropped=int((inside & ~keep).sum()),
        )
        columns = [*(name.capitalize() for name in PRICES), "Volume"]
        return Bars.from_frame(ticker, frame.loc[keep, columns], origin)

    def _download(self, ticker: str, start: str, end: str | None) -> tuple[pd.DataFrame, Any]:
        """Return Yahoo's rows and the date of the session still running (NaT if none)."""
        import yfinance as yf
        from yfinance.data import YfData
        from yfinance.exceptions import YFException, YFRateLimitError

        session = self.session if self.session is not None else _process_session()
        with LOCK, _outspoken(yf), _listened(session) as statuses:
            # yfinance keeps answers about the past in memory, faults too, and would repeat them
            # without a request: forgotten, so that every download has a status to judge by.
            YfData.cache_get.cache_clear()
            try:
                asked = yf.Ticker(ticker, session=session)
                frame = asked.history(
                    start=start,
                    end=end,
                    auto_adjust=self.adjust == "all",
                    actions=True,
                    keepna=True,
                )
                metadata = asked.history_metadata if len(frame) else {}
            except SourceBusy:
                raise
            except YFRateLimitError:
                raise _limited() from None
            except (YFException, OSError, LookupError, TypeError, ValueError) as error:
                raise _judge(statuses, error, ticker, start, end) from error
        if frame.empty:
            raise _judge(statuses, None, ticker, start, end)
        return frame, _running_session(metadata)


def _judge(
    statuses: list[int], error: Exception | None, ticker: str, start: str, end: str | None
) -> Exception:
    """Return the error that the last answer means; no status means that no answer came.

    The status comes first: with a 404, yfinance's search for a timezone ends in an `HTTPError`,
    which is an `OSError` as a refused connection is, and must not pass for a missing network.
    """
    from yfinance.exceptions import YFTickerMissingError

    status = statuses[-1] if statuses else None
    if status is None and isinstance(error, OSError):
        # curl ends its messages with a pointer to its own manual.
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
        " a proxy or portal may stand in between: try again later, or give bars with --data-dir"
    )


def _unknown(ticker: str, start: str, end: str | None) -> UnknownTicker:
    return UnknownTicker(
        f"Yahoo Finance has no bars of {ticker} from {start} to before {end or 'today'}: check the "
        "ticker (KOSPI 051900.KS, KOSDAQ 035760.KQ, index ^KS11) and the dates; Yahoo answers a "
        "wrong ticker and dates without a session alike"
    )


def _limited() -> SourceBusy:
    return SourceBusy(
        "Yahoo Finance limits the rate of requests (429) and asks to come back later: wait, at "
        "times an hour, or give bars of your own with --data-dir"
    )


@lru_cache(maxsize=1)
def _process_session() -> Any:
    """Return the one session of the process, with the fingerprint that Yahoo lets in."""
    from curl_cffi.requests import Session

    return Session(impersonate="chrome")


@contextmanager
def _outspoken(yf: Any) -> Iterator[None]:
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
def _listened(session: Any) -> Iterator[list[int]]:
    """Note the status of every chart answer; repeat a request that met a fault of the server.

    Repeated here, below yfinance, which would ask each time in two ways, with two cookies.
    """
    statuses: list[int] = []
    request: Callable[..., Any] = session.request

    def listen(method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        if "/v8/finance/chart/" not in url:
            return request(method, url, *args, **kwargs)
        for wait in (*WAITS, None):
            # Forgotten first: when this request gets no answer, an old status must not decide.
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

    session.request = listen
    try:
        yield statuses
    finally:
        session.request = request


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def _running_session(metadata: Any) -> np.datetime64:
    """Return the date, at the exchange, of a session not yet closed and settled; NaT if none."""
    import pandas as pd

    if "exchangeTimezoneName" not in metadata:
        return np.datetime64("NaT")
    now = pd.Timestamp(_now()).tz_convert(metadata["exchangeTimezoneName"])
    today = np.datetime64(now.date(), "D")
    try:
        close = pd.Timestamp(metadata["currentTradingPeriod"]["regular"]["end"])
    except (KeyError, TypeError, ValueError):
        # Hours unknown: the day itself may be unfinished, so it is not yet known.
        return today
    settled = close.date() > now.date() or (close.date() == now.date() and now >= close + SETTLE)
    return np.datetime64("NaT") if settled else today


def _undo_splits(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the prices and volumes as they were traded: row t times all splits after t."""
    ratio = frame["Stock Splits"].replace(0.0, 1.0)
    # The split's own row is already in new shares: only later splits count, hence the shift.
    later = ratio[::-1].cumprod()[::-1].shift(-1, fill_value=1.0)
    frame = frame.copy()
    for name in PRICES:
        frame[name.capitalize()] *= later
    frame["Volume"] = frame["Volume"] / later
    return frame
