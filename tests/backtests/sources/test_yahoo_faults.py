"""A server that misbehaves: an error that says what happened, and never simulated bars."""

from __future__ import annotations

import gzip
import json
import socket
import struct
import time
import warnings
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from curl_cffi.requests.exceptions import CertificateVerifyError, DNSError, Timeout
from curl_cffi.requests.exceptions import ConnectionError as CurlConnectionError

from backtests.runs.made_of import describe
from backtests.sources import yahoo
from backtests.sources.auto import Auto
from backtests.sources.missing import warn_of_missing
from backtests.sources.snapshots import Snapshots
from backtests.sources.source import (
    NoNetwork,
    SimulatedDataWarning,
    SnapshotWarning,
    SourceBusy,
    SourceUnreachable,
)
from backtests.sources.yahoo import Yahoo
from forecasters.bars import Bars
from forecasters.errors import DataWarning, Error, InputError
from tests.backtests.sources.test_yahoo import DAYS, SPAN, always, chart

Does = Callable[[BaseHTTPRequestHandler], None]


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(yahoo, "WAITS", (0.0, 0.0))
    monkeypatch.setattr(yahoo, "TIMEOUT", 0.5)


def changed(change: Callable[[dict[str, Any]], None], **given: Any) -> str:
    """Return a good answer after `change` of its result."""
    value = json.loads(chart(**given))
    change(value["chart"]["result"][0])
    return json.dumps(value)


def refused(serve: Any, symbol: str, answer: Any, adjust: str = "splits") -> Error:
    """Return the error of a download through `auto`, which must take no other bars."""
    with serve(lambda *_: answer) as server, warnings.catch_warnings():
        warnings.simplefilter("error", SimulatedDataWarning)
        source = Auto(adjust, yahoo=Yahoo(adjust, session=server.session()))
        with pytest.raises(Error) as caught:
            source.fetch(symbol, *SPAN)
    text = str(caught.value)
    assert text.isprintable() and len(text) < 1000
    return caught.value


def reset(handler: BaseHTTPRequestHandler) -> None:
    """Close the connection with a reset and without an answer."""
    linger = struct.pack("ii", 1, 0)
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    handler.rfile.close()
    handler.wfile.close()
    handler.connection.close()


def cut(handler: BaseHTTPRequestHandler) -> None:
    """Send a half of what was announced."""
    body = chart().encode()
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body[: len(body) // 2])


def slow(handler: BaseHTTPRequestHandler) -> None:
    """Send a few bytes, and then nothing for longer than the limit."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"chart"')
    handler.wfile.flush()
    time.sleep(0.8)


def hang_up(handler: BaseHTTPRequestHandler) -> None:
    """Close the connection without an answer."""


@pytest.mark.parametrize("does", [reset, cut, slow, hang_up], ids=lambda does: does.__name__)
def test_an_answer_that_breaks_off_is_an_error_and_no_missing_network(
    serve: Any, symbol: str, does: Does
) -> None:
    error = refused(serve, symbol, does)
    assert type(error) is SourceUnreachable and error.exit_code == 69
    assert "no whole answer came" in str(error)


DEEP = "[" * 100_000
BODIES: dict[str, str | bytes] = {
    "null": "null", "list": "[]", "number": "5", "text": '"chart"', "empty": "", "half": chart()[:300],
    "no chart": "{}", "chart null": '{"chart":null}', "chart list": '{"chart":[]}', "deep": DEEP,
    "deep chart": '{"chart":{"result":' + DEEP, "html": "<html>log in</html>", "binary": b"\xff\xfe\x00",
    "result 5": '{"chart":{"result":5,"error":null}}', "result [5]": '{"chart":{"result":[5]}}',
    "result [null]": '{"chart":{"result":[null],"error":null}}', "error 5": '{"chart":{"error":5}}',
    "error {}": '{"chart":{"result":null,"error":{"code":1}}}',
    "not a number": chart().replace("99.0", "NaN"), "infinite": chart().replace("99.0", "1e999"),
    "text price": chart().replace("99.0", '"99"'), "twice": chart().replace("{", '{"chart":1,', 1),
    "short": changed(lambda r: r["indicators"]["quote"][0]["open"].pop()),
    "no volume": changed(lambda r: r["indicators"]["quote"][0].pop("volume")),
    "no quote": changed(lambda r: r["indicators"].update(quote=[])),
    "time": changed(lambda r: r["timestamp"].__setitem__(0, 10**17)),
    "zone": changed(lambda r: r["meta"].update(exchangeTimezoneName="Mars/Olympus")),
    "zone 5": changed(lambda r: r["meta"].update(exchangeTimezoneName=5)),
    "no meta": changed(lambda r: r.pop("meta")), "meta 5": changed(lambda r: r.update(meta=5)),
    "split by 0": chart(split=(DAYS[1], 0)),
    "adjusted 5": changed(lambda r: r["indicators"].update(adjclose=5)),
    "adjusted []": changed(lambda r: r["indicators"].update(adjclose=[])),
}  # fmt: skip


@pytest.mark.parametrize("name", BODIES)
def test_a_body_that_is_no_chart_is_an_answer_that_cannot_be_read(
    serve: Any, symbol: str, name: str
) -> None:
    error = refused(serve, symbol, (200, BODIES[name]))
    assert isinstance(error, SourceBusy) and error.exit_code == 75
    assert "cannot be read" in str(error)


def test_an_answer_that_inflates_without_end_is_cut(
    serve: Any, symbol: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(yahoo, "LARGEST", 2**20)
    bomb = gzip.compress(b" " * (64 * 2**20), 1)

    def zipped(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Encoding", "gzip")
        handler.send_header("Content-Length", str(len(bomb)))
        handler.end_headers()
        handler.wfile.write(bomb)

    error = refused(serve, symbol, zipped)
    assert isinstance(error, SourceBusy) and "larger than 1 MiB" in str(error)


def test_a_good_answer_of_another_type_is_read(serve: Any, symbol: str) -> None:
    def named_html(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "text/html")
        handler.end_headers()
        handler.wfile.write(chart().encode())

    with serve(lambda *_: named_html) as server:
        assert len(Yahoo(session=server.session()).fetch(symbol, *SPAN)) == 4


def test_auto_takes_simulated_bars_only_if_nothing_ever_answered(serve: Any, symbol: str) -> None:
    with serve(always(200, chart())) as server:
        pass
    session = server.session()
    with pytest.warns(SimulatedDataWarning, match="nothing else has answered: no connection could"):
        bars = Auto(yahoo=Yahoo(session=session)).fetch(symbol, *SPAN)
    assert bars.origin.simulated
    yahoo.ANSWERED.add(session)
    with pytest.raises(SourceUnreachable, match="after an earlier answer") as caught:
        Auto(yahoo=Yahoo(session=session)).fetch(symbol, *SPAN)
    assert not isinstance(caught.value, NoNetwork)


def test_a_connection_that_was_not_made_is_tried_once_more(serve: Any, symbol: str) -> None:
    with serve(always(200, chart())) as server:
        session = server.session()
        send, errors = session.request, [DNSError("Could not resolve host", 6)]

        def fail_first(method: str, url: str, **kwargs: Any) -> Any:
            if "/chart/" in url and errors:
                raise errors.pop()
            return send(method, url, **kwargs)

        session.request = fail_first
        assert len(Yahoo(session=session).fetch(symbol, *SPAN)) == 4


@pytest.mark.parametrize(
    ("error", "none_at_all"),
    [
        (DNSError("Could not resolve host: query2.finance.yahoo.com", 6), True),
        (CurlConnectionError("Failed to connect", 7), True),
        (CurlConnectionError("Recv failure: Connection reset by peer", 56), False),
        (Timeout("Operation timed out", 28), False),
        (CertificateVerifyError("self-signed certificate", 60), False),
        (socket.gaierror(-2, "Name or service not known"), True),
        (ConnectionRefusedError(111, "refused"), True),
        (OSError(101, "Network is unreachable"), True),
        (ConnectionResetError(104, "reset"), False),
        (TimeoutError("timed out"), False),
    ],
)
def test_what_counts_as_no_network_at_all(error: OSError, none_at_all: bool) -> None:
    assert isinstance(yahoo._unreached(error, answered=False), NoNetwork) is none_at_all
    assert not isinstance(yahoo._unreached(error, answered=True), NoNetwork)


@pytest.mark.parametrize(
    "change",
    [
        lambda r: r["indicators"].pop("adjclose"),
        lambda r: r["indicators"].update(adjclose=[{"adjclose": [None] * len(DAYS)}]),
    ],
)
def test_adjust_all_without_adjusted_closes_is_refused(
    serve: Any, symbol: str, change: Callable[[dict[str, Any]], None]
) -> None:
    error = refused(serve, symbol, (200, changed(change)), adjust="all")
    assert isinstance(error, InputError) and "--adjust splits" in str(error)


def fetched(serve: Any, symbol: str, body: str) -> tuple[Bars, list[str]]:
    """Return bars and what is said of them."""
    with serve(always(200, body)) as server, warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", DataWarning)
        bars = Yahoo(session=server.session()).fetch(symbol, *SPAN)
        warn_of_missing([bars])
    return bars, [str(w.message) for w in said if issubclass(w.category, DataWarning)]


def test_a_null_close_is_left_out_counted_and_named(serve: Any, symbol: str) -> None:
    body = changed(lambda r: r["indicators"]["quote"][0]["close"].__setitem__(1, None), null=[2])
    bars, said = fetched(serve, symbol, body)
    assert bars.close.tolist() == [100, 103]
    assert describe(bars)["missing"] == {"dropped": 2, "filled": 0, "first": DAYS[1]}
    assert said == [
        f"{symbol}: 2 rows with a missing price left out, the first on {DAYS[1]}: a return over such a "
        "day spans two sessions or more"
    ]


def rows(result: dict[str, Any], order: list[int]) -> None:
    """Put the rows of an answer in this order."""
    columns = result["indicators"]["quote"][0]
    for name, column in columns.items():
        columns[name] = [column[i] for i in order]
    result["timestamp"] = [result["timestamp"][i] for i in order]
    del result["indicators"]["adjclose"]


def test_rows_that_come_twice_or_out_of_order_are_counted_and_named(
    serve: Any, symbol: str
) -> None:
    bars, said = fetched(serve, symbol, changed(lambda r: rows(r, [2, 0, 1, 1, 3])))
    assert bars.close.tolist() == [100, 101, 102, 103]
    assert describe(bars)["repaired"]["findings"] == [
        {"kind": "repeated", "rows": 1, "first": DAYS[1]},
        {"kind": "unsorted", "rows": 1, "first": DAYS[0]},
    ]
    assert said == [
        f"{symbol}: 1 row repeats its day, the first on {DAYS[1]}: each day is kept once",
        f"{symbol}: 1 row was out of order, the first on {DAYS[0]}: sorted by date",
    ]


def test_a_day_that_comes_twice_with_other_prices_is_left_out_and_named(
    serve: Any, symbol: str
) -> None:
    def contradict(result: dict[str, Any]) -> None:
        rows(result, [0, 1, 1, 2, 3])
        result["indicators"]["quote"][0]["close"][2] = 101.5

    bars, said = fetched(serve, symbol, changed(contradict))
    assert bars.close.tolist() == [100, 102, 103]
    assert said == [
        f"{symbol}: 1 day came twice with different prices, the first on {DAYS[1]}: left out, because "
        "which one holds is not known"
    ]


def test_a_last_day_that_is_sent_again_with_another_volume_is_kept(serve: Any, symbol: str) -> None:
    def send_again(result: dict[str, Any]) -> None:
        rows(result, [0, 1, 2, 3, 3])
        result["indicators"]["quote"][0]["volume"][4] = 77

    bars, said = fetched(serve, symbol, changed(send_again))
    assert bars.close.tolist() == [100, 101, 102, 103]
    assert bars.volume[-1] == 77
    assert said == [
        f"{symbol}: 1 row repeats its day, the first on {DAYS[3]}: each day is kept once"
    ]


def test_two_currencies_in_one_download_stop_it(serve: Any, symbol: str) -> None:
    def answer(symbol: str, query: dict[str, str]) -> tuple[int, str]:
        currency = "USD" if "range" in query else "KRW"
        return 200, changed(lambda r: r["meta"].update(currency=currency))

    with serve(answer) as server, pytest.raises(SourceBusy, match="in KRW and in USD within one"):
        Yahoo(session=server.session()).fetch(symbol, *SPAN)


def test_another_currency_than_in_the_snapshot_is_said_and_kept_apart(
    serve: Any, symbol: str
) -> None:
    later = tuple(day.replace("2020-01", "2020-03") for day in ("2020-01-02", "2020-01-03"))
    with serve(always(200, chart())) as server:
        Auto(yahoo=Yahoo(session=server.session())).fetch(symbol, *SPAN)
    body = changed(lambda r: r["meta"].update(currency="USD"), days=later)
    usual = always(200, body)
    span = ("2020-03-01", "2020-04-01")
    with (
        serve(usual) as server,
        pytest.warns(SnapshotWarning, match="were in KRW and are in USD"),
    ):
        bars = Auto(yahoo=Yahoo(session=server.session())).fetch(symbol, *span)
    again = Auto(yahoo=Yahoo(session=server.session())).fetch(symbol, *span)
    assert again.origin == bars.origin, "the snapshot knows it too"
    assert (describe(bars)["currency"], describe(bars)["currency_before"]) == ("USD", "KRW")
    with pytest.warns(DataWarning, match="in USD now and were in KRW in an earlier download"):
        warn_of_missing([bars])
    folder = Snapshots().path(symbol, "yahoo", "splits").parent
    assert len(list(folder.glob(f"{symbol}.*.parquet"))) == 1, "the old prices are kept"
