"""Yahoo's answers, through yfinance's real code path, from a server on 127.0.0.1."""

from __future__ import annotations

import datetime
import json
import logging
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from backtests.sources import yahoo
from backtests.sources.source import SourceBusy, SourceUnreachable, UnknownTicker
from backtests.sources.yahoo import Yahoo
from forecasters.errors import InputError

SEOUL = ZoneInfo("Asia/Seoul")
DAYS = ("2020-01-02", "2020-01-03", "2020-01-06", "2020-01-07")
SPAN = ("2020-01-01", "2020-02-01")
NOT_FOUND = json.dumps(
    {"chart": {"result": None, "error": {"code": "Not Found", "description": "No data found"}}}
)
Answer = Callable[[str, dict[str, str]], tuple[int, str]]


def stamp(day: str, hour: int = 9, minute: int = 0) -> int:
    date = datetime.date.fromisoformat(day)
    at = datetime.datetime.combine(date, datetime.time(hour, minute), SEOUL)
    return int(at.timestamp())


def chart(days: tuple[str, ...] = DAYS, **changes: Any) -> str:
    """Return the body of a good answer: close 100, 101, ... and volume 1000, 1001, ..."""
    n = len(days)
    close: list[float | None] = [100.0 + i for i in range(n)]
    quote = {
        "open": [99.0 + i for i in range(n)],
        "high": [102.0 + i for i in range(n)],
        "low": [98.0 + i for i in range(n)],
        "close": close,
        "volume": [1000 + i for i in range(n)],
    }
    for row in changes.get("null", ()):
        for column in quote.values():
            column[row] = None
    for row in changes.get("no_open", ()):
        quote["open"][row] = None  # type: ignore[call-overload]
    today = days[-1]
    result: dict[str, Any] = {
        "meta": {
            "currency": "KRW",
            "instrumentType": "EQUITY",
            "exchangeTimezoneName": "Asia/Seoul",
            "validRanges": ["1d", "max"],
            "priceHint": 2,
            "currentTradingPeriod": {
                name: {
                    "timezone": "KST", "gmtoffset": 32400,
                    "start": stamp(today, 9), "end": stamp(today, 15, 30),
                }
                for name in ("pre", "regular", "post")
            },
        },
        "timestamp": [stamp(day) for day in days],
        "indicators": {
            "quote": [quote],
            "adjclose": [{"adjclose": [None if c is None else c / 2 for c in close]}],
        },
    }  # fmt: skip
    if "split" in changes:
        day, numerator = changes["split"]
        split = {"date": stamp(day), "numerator": numerator, "denominator": 1}
        result["events"] = {"splits": {str(split["date"]): split}}
    return json.dumps({"chart": {"result": [result], "error": None}})


def always(status: int, body: str) -> Answer:
    return lambda symbol, query: (status, body)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yahoo, "WAITS", (0.0, 0.0))


def set_now(monkeypatch: pytest.MonkeyPatch, day: str, hour: int, minute: int = 0) -> None:
    now = datetime.datetime.fromtimestamp(stamp(day, hour, minute), datetime.UTC)
    monkeypatch.setattr(yahoo, "_now", lambda: now)


def test_a_good_answer_keeps_the_dates_of_seoul(serve: Any, symbol: str) -> None:
    with serve(always(200, chart())) as server:
        bars = Yahoo(session=server.session()).fetch(symbol, *SPAN)
    assert bars.ticker == symbol
    assert bars.sessions.astype(str).tolist() == list(DAYS)
    assert bars.close.tolist() == [100, 101, 102, 103]
    assert bars.volume.tolist() == [1000, 1001, 1002, 1003]
    origin = bars.origin
    assert (origin.source, origin.vendor) == ("yahoo", "Yahoo Finance")
    assert (origin.adjusted, origin.simulated, origin.dropped) == ("splits", False, 0)
    asked = server.asked[-1][1]
    assert asked["period1"] == str(stamp("2020-01-01", 0))
    assert asked["period2"] == str(stamp("2020-02-01", 0))


def test_the_end_is_exclusive(serve: Any, symbol: str) -> None:
    with serve(always(200, chart())) as server:
        bars = Yahoo(session=server.session()).fetch(symbol, "2020-01-03", "2020-01-07")
    assert bars.sessions.astype(str).tolist() == ["2020-01-03", "2020-01-06"]


def test_adjust_all_takes_the_adjusted_prices(serve: Any, symbol: str) -> None:
    with serve(always(200, chart())) as server:
        bars = Yahoo("all", session=server.session()).fetch(symbol, *SPAN)
    assert bars.close.tolist() == [50, 50.5, 51, 51.5]
    assert bars.open[0] == 49.5
    assert bars.origin.adjusted == "all"


def test_adjust_none_undoes_splits_also_those_after_the_end(serve: Any, symbol: str) -> None:
    body = chart(split=("2020-01-07", 50))
    with serve(always(200, body)) as server:
        bars = Yahoo("none", session=server.session()).fetch(symbol, "2020-01-01", "2020-01-07")
    assert bars.close.tolist() == [5000, 5050, 5100]
    assert bars.volume.tolist() == [20, 20.02, 20.04]
    assert bars.origin.adjusted == "none"
    # A request that stopped before the split would never have been told of it.
    assert int(server.asked[-1][1]["period2"]) > stamp("2020-01-07")


def test_the_day_of_a_split_is_in_new_shares_already(serve: Any, symbol: str) -> None:
    with serve(always(200, chart(split=("2020-01-06", 50)))) as server:
        bars = Yahoo("none", session=server.session()).fetch(symbol, *SPAN)
    assert bars.close.tolist() == [5000, 5050, 102, 103]


def test_null_rows_are_left_out_and_named(serve: Any, symbol: str) -> None:
    with serve(always(200, chart(null=[1]))) as server:
        bars = Yahoo(session=server.session()).fetch(symbol, *SPAN)
    assert bars.close.tolist() == [100, 102, 103]
    origin = bars.origin
    assert (origin.dropped, origin.incomplete, origin.first_missing) == (0, 1, DAYS[1])


def test_a_row_with_one_price_missing_is_left_out_and_named(serve: Any, symbol: str) -> None:
    with serve(always(200, chart(no_open=[1], null=[2]))) as server:
        bars = Yahoo(session=server.session()).fetch(symbol, *SPAN)
    assert bars.close.tolist() == [100, 103]
    origin = bars.origin
    assert (origin.dropped, origin.incomplete, origin.first_missing) == (0, 2, DAYS[1])


@pytest.mark.parametrize(
    ("hour", "minute", "kept"), [(10, 0, 3), (15, 29, 3), (15, 59, 3), (16, 0, 4), (20, 0, 4)]
)
def test_a_session_is_known_only_after_its_close(
    serve: Any, symbol: str, monkeypatch: pytest.MonkeyPatch, hour: int, minute: int, kept: int
) -> None:
    set_now(monkeypatch, DAYS[-1], hour, minute)
    with serve(always(200, chart())) as server:
        bars = Yahoo(session=server.session()).fetch(symbol, *SPAN)
    assert len(bars) == kept
    assert bars.origin.dropped == 4 - kept


def test_an_index_is_quoted_in_the_address(serve: Any) -> None:
    with serve(always(200, chart())) as server:
        bars = Yahoo(session=server.session()).fetch("^KS11", *SPAN)
    assert bars.ticker == "^KS11"
    assert {symbol for symbol, _ in server.asked} == {"%5EKS11"}


@pytest.mark.parametrize("body", [NOT_FOUND, "<html>not found</html>"])
def test_an_unknown_ticker_is_no_missing_network(serve: Any, symbol: str, body: str) -> None:
    # yfinance 1.7.0 ends here in an HTTPError, which is an OSError; and asked a second time it
    # answers from memory, without a request.
    with serve(always(404, body)) as server:
        for _ in range(3):
            with pytest.raises(UnknownTicker, match="check the ticker"):
                Yahoo(session=server.session()).fetch(symbol, *SPAN)


def test_dates_without_rows_are_an_error(serve: Any, symbol: str) -> None:
    with serve(always(200, chart())) as server, pytest.raises(UnknownTicker, match="the dates"):
        Yahoo(session=server.session()).fetch(symbol, "2021-01-01", "2021-02-01")


def test_a_known_ticker_without_prices_is_an_error(serve: Any, symbol: str) -> None:
    def answer(symbol: str, query: dict[str, str]) -> tuple[int, str]:
        return (200, chart()) if "range" in query else (400, NOT_FOUND)

    with serve(answer) as server, pytest.raises(UnknownTicker):
        Yahoo(session=server.session()).fetch(symbol, *SPAN)


def test_a_rate_limit_is_reported_and_not_hammered(serve: Any, symbol: str) -> None:
    limited = pytest.raises(SourceBusy, match="429")
    with serve(always(429, "Too Many Requests")) as server, limited as caught:
        Yahoo(session=server.session()).fetch(symbol, *SPAN)
    assert caught.value.exit_code == 75
    assert len(server.asked) <= 2


def test_a_fault_of_the_server_that_passes_is_waited_out(serve: Any, symbol: str) -> None:
    failures = iter([500, 503])

    def answer(symbol: str, query: dict[str, str]) -> tuple[int, str]:
        status = next(failures, 200)
        return status, chart() if status == 200 else "<html>oops</html>"

    with serve(answer) as server:
        assert len(Yahoo(session=server.session()).fetch(symbol, *SPAN)) == 4


def test_a_fault_of_the_server_that_stays_is_not_an_unknown_ticker(serve: Any, symbol: str) -> None:
    with (
        serve(always(500, "")) as server,
        pytest.raises(SourceBusy, match="status 500, 3 attempts"),
    ):
        Yahoo(session=server.session()).fetch(symbol, *SPAN)
    assert len(server.asked) == 3


@pytest.mark.parametrize("status", [200, 401])
def test_a_page_of_a_portal_is_not_an_unknown_ticker(serve: Any, symbol: str, status: int) -> None:
    unreadable = pytest.raises(SourceBusy, match="cannot be read")
    with serve(always(status, "<html>log in</html>")) as server, unreadable:
        Yahoo(session=server.session()).fetch(symbol, *SPAN)


def test_a_refused_connection_is_a_missing_network(serve: Any, symbol: str) -> None:
    with serve(always(200, chart())) as server:
        pass
    with pytest.raises(SourceUnreachable, match="cannot be reached") as caught:
        Yahoo(session=server.session()).fetch(symbol, *SPAN)
    assert caught.value.exit_code == 69


def test_a_network_lost_between_two_requests_is_a_missing_network(serve: Any, symbol: str) -> None:
    with serve(always(200, chart())) as server:
        session = server.session()
        request = session.request

        def cut(method: str, url: str, **kwargs: Any) -> Any:
            if "period1" in (kwargs.get("params") or {}):
                url = "https://127.0.0.1:1/"
                raise ConnectionRefusedError("cut")
            return request(method, url, **kwargs)

        session.request = cut
        with pytest.raises(SourceUnreachable):
            Yahoo(session=session).fetch(symbol, *SPAN)


def test_yfinance_is_left_as_it_was(serve: Any, symbol: str) -> None:
    import yfinance as yf

    level = logging.getLogger("yfinance").level
    with serve(always(404, NOT_FOUND)) as server, pytest.raises(UnknownTicker):
        Yahoo(session=server.session()).fetch(symbol, *SPAN)
    assert yf.config.debug.hide_exceptions is True
    assert logging.getLogger("yfinance").level == level


def test_nothing_is_printed(serve: Any, symbol: str, capfd: pytest.CaptureFixture[str]) -> None:
    with serve(always(200, chart())) as server:
        pass
    with pytest.raises(SourceUnreachable):
        Yahoo(session=server.session()).fetch(symbol, *SPAN)
    assert capfd.readouterr() == ("", "")


def test_a_misspelt_adjustment_is_refused_before_any_request() -> None:
    with pytest.raises(InputError, match="did you mean 'splits'"):
        Yahoo("split").fetch("X", *SPAN)


def test_undone_splits_multiply() -> None:
    import pandas as pd

    ones = {name: [1.0, 1.0, 1.0] for name in ("Open", "High", "Low", "Close", "Volume")}
    frame = pd.DataFrame({**ones, "Stock Splits": [0.0, 2.0, 5.0]})
    undone = yahoo._undo_splits(frame)
    assert undone["Close"].tolist() == [10.0, 5.0, 1.0]
    assert np.allclose(undone["Volume"], [0.1, 0.2, 1.0])
