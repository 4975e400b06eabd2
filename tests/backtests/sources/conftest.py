"""No test here writes outside its own folder or asks anything of the network.

A server on 127.0.0.1 stands in for Yahoo Finance, so that yfinance's real code path is what runs.
"""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

NUMBER = itertools.count()
#: What a server answers: (status, body), or what it does with the open connection.
Answer = tuple[int, str | bytes] | Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Chart:
    """One running server: its port, how it answers a chart request, and what it was asked."""

    answer: Callable[[str, dict[str, str]], Answer]
    port: int = 0
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def session(self) -> Any:
        """Return a curl_cffi session whose requests all come here."""
        from curl_cffi.requests import Session

        port = self.port

        class Local(Session):
            def request(self, method: str, url: str, **kwargs: Any) -> Any:
                parts = urlsplit(url)
                local = parts._replace(scheme="http", netloc=f"127.0.0.1:{port}").geturl()
                return super().request(method, local, **kwargs)

        return Local()


@contextmanager
def _serve(answer: Callable[[str, dict[str, str]], Answer]) -> Iterator[Chart]:
    """Run a server for the `with` block; `answer(symbol, query)` gives status and body."""
    chart = Chart(answer)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path.startswith("/v8/finance/chart/"):
                symbol = parts.path.rsplit("/", 1)[1]
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                chart.asked.append((symbol, query))
                answer = chart.answer(symbol, query)
                if callable(answer):
                    self.close_connection = True
                    answer(self)
                    return
                status, body = answer
            elif parts.path == "/v1/test/getcrumb":
                status, body = 200, "crumb"
            elif parts.path in ("/", "/consent"):
                status, body = 200, "<html></html>"
            else:
                status, body = 404, json.dumps({"finance": {"result": None, "error": {}}})
            data = body if isinstance(body, bytes) else body.encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_POST = do_GET

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    chart.port = server.server_address[1]
    forever = {"poll_interval": 0.01}
    threading.Thread(target=server.serve_forever, kwargs=forever, daemon=True).start()
    try:
        yield chart
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="session")
def serve() -> Callable[..., AbstractContextManager[Chart]]:
    """Return what runs a server for a `with` block."""
    return _serve


@pytest.fixture(autouse=True)
def caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep snapshots in the test's folder."""
    monkeypatch.setenv("BACKTESTS_CACHE", str(tmp_path / "cache"))


@pytest.fixture(scope="session", autouse=True)
def yfinance_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep yfinance's own database of timezones and cookies in a temporary folder."""
    import yfinance as yf

    yf.set_tz_cache_location(str(tmp_path_factory.mktemp("yfinance")))


@pytest.fixture
def symbol() -> str:
    """Return a ticker that yfinance has no timezone of yet, so that it asks for one."""
    return f"{next(NUMBER):06d}.KS"


@pytest.fixture
def krx() -> Path:
    """Return the folder of real Korean series beside the project, if this checkout has it."""
    folder = Path(__file__).resolve().parents[4] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("needs ../shared/data beside the project, which is not here")
    return folder
