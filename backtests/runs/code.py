"""The line through our code: what computes numbers and files of record, and what draws pages.

Only the first side is part of a run's key. The second may change how a finished run looks, and
``backtests report`` draws its pages again. Every file stands on one side (`side_of`).
"""

from __future__ import annotations

import hashlib
import importlib.metadata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

PACKAGE = "walk-forward-backtests"
#: The packages whose files are code, and the suffixes of these files.
PACKAGES = ("forecasters", "strategies", "backtests")
CODE = (".py", ".html", ".cpp", ".h")

NUMBERS, PAGES = "numbers", "pages"
#: What draws pages, prints on the terminal, or only examines: folders end with a slash.
DRAWN = (
    "backtests/__main__.py",
    "backtests/audit.py",
    "backtests/auditing/",
    "backtests/command/console.py",
    "backtests/command/progress.py",
    "backtests/grids/pages/",
    "backtests/list.py",
    "backtests/report/",
    "backtests/runs/pages.py",
    "backtests/runs/redraw.py",
    "backtests/runs/terminal.py",
    "backtests/store.py",
    "backtests/testing.py",
    "backtests/verify.py",
    "backtests/verifying/",
)
#: What stands in these folders and makes values or files of record: figures of `metrics.csv` and the
#: manifest, the tables of a run, the choices of a grid. The sentences that the manifest repeats from
#: a page are words, so the sections that say them are no part of the key.
RECORDS = (
    "backtests/grids/pages/choices.py",
    "backtests/report/rows.py",
    "backtests/report/summary.py",
    "backtests/report/tables/",
)
#: Libraries that only pages are drawn with.
DRAWING = ("jinja2", "matplotlib", "quantstats")


def side_of(file: str) -> str:
    """Return on which side of the line a file is, `NUMBERS` or `PAGES`.

    Parameters
    ----------
    file : str
        Its path below the folder of the packages, with slashes.

    Examples
    --------
    >>> side_of("backtests/judging/skill.py"), side_of("backtests/report/sections/skill.py")
    ('numbers', 'pages')
    >>> side_of("backtests/report/rows.py")
    'numbers'
    """
    return PAGES if _within(file, DRAWN) and not _within(file, RECORDS) else NUMBERS


def _within(file: str, places: tuple[str, ...]) -> bool:
    return any(file.startswith(p) if p.endswith("/") else file == p for p in places)


def digest_of_files(side: str, root: Path | None = None) -> str:
    """Return the sha256 of the files on one side of the line.

    Parameters
    ----------
    side : str
        `NUMBERS` or `PAGES`.
    root : Path, optional
        The folder of the packages; by default that of this code.
    """
    root = root or Path(__file__).resolve().parents[2]
    h = hashlib.sha256()
    for package in PACKAGES:
        for path in sorted(p for p in (root / package).rglob("*") if p.suffix in CODE):
            name = path.relative_to(root).as_posix()
            if side_of(name) == side:
                h.update(name.encode())
                h.update(path.read_bytes())
    return h.hexdigest()


def installed(names: tuple[str, ...]) -> dict[str, str]:
    """Return the installed version of each of these distributions."""
    versions = {}
    for name in names:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = "not installed"
    return versions


def pages_version() -> dict[str, str]:
    """Return what pages are drawn with: our version, the sha256 of our code, the libraries."""
    return {
        "version": installed((PACKAGE,))[PACKAGE],
        "code": digest_of_files(PAGES),
        **installed(DRAWING),
    }


def drawn_otherwise(manifest: Mapping[str, Any]) -> bool:
    """Return whether other code than this drew the pages of a run, by its manifest."""
    pages = manifest.get("pages")
    return not isinstance(pages, Mapping) or pages.get("code") != digest_of_files(PAGES)
