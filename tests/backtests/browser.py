"""A headless Chromium that tells what a page asked for and what it complained about."""

from __future__ import annotations

import re
import shutil
import socketserver
import subprocess
import threading
from pathlib import Path

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--no-pings",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-default-apps", "--disable-domain-reliability", "--enable-logging=stderr", "--dump-dom",
    "--disable-features=OptimizationHints,MediaRouter,Translate", "--proxy-bypass-list=<-loopback>",
)  # fmt: skip


#: What the browser itself asks for, whatever page it opens. Fonts and statistics are not in it.
OWN = re.compile(
    r"\b((clients\d?|accounts|www)\.google|(update|optimizationguide-pa)\.googleapis)\.com"
)


def open_page(page: Path, profile: Path) -> tuple[list[str], list[str]]:
    """Return the requests that left the page, and the lines in its console."""
    asked: list[str] = []

    class Proxy(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            asked.append(self.rfile.readline().decode("latin-1").strip())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Proxy) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        proxy = f"--proxy-server=http://127.0.0.1:{server.server_address[1]}"
        done = subprocess.run(
            [str(CHROMIUM), *FLAGS, proxy, f"--user-data-dir={profile}", page.resolve().as_uri()],
            capture_output=True, text=True, timeout=600, check=False,
        )  # fmt: skip
        server.shutdown()
    assert "</html>" in done.stdout, done.stderr[-2000:]
    console = [line for line in done.stderr.splitlines() if ":CONSOLE" in line]
    return [line for line in asked if not OWN.search(line)], console


def outside_addresses(html: str) -> list[str]:
    """Return every address in the page that a browser would fetch or follow outside the folder."""
    found = re.findall(r"""(?:src|href|srcset|action|poster|data)\s*=\s*["']([^"']+)""", html)
    found += re.findall(r"url\(\s*[\"']?([^)\"']+)", html)
    if "@import" in html:
        found.append("@import")
    return [
        a for a in found if re.match(r"[a-zA-Z][a-zA-Z+.-]*:|//|@", a) and not a.startswith("data:")
    ]
