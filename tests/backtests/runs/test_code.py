"""Which files are part of a run's key, and which only draw its pages."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from backtests.runs.code import (
    CODE,
    DRAWN,
    NUMBERS,
    PACKAGES,
    PAGES,
    RECORDS,
    digest_of_files,
    drawn_otherwise,
    pages_version,
    side_of,
)
from backtests.runs.made_of import key_of, versions

ROOT = Path(__file__).parents[3]

#: Where what computes calls what draws: it hands over a finished value. A sentence that a manifest
#: repeats is a word of a page, so the same key may come with other words.
HANDED_OVER = {
    ("backtests/grid.py", "backtests/grids/pages/terminal.py"),
    ("backtests/grids/runner.py", "backtests/grids/pages/page.py"),
    ("backtests/grids/runner.py", "backtests/grids/pages/sentences.py"),
    ("backtests/jobs/fitting.py", "backtests/command/progress.py"),
    ("backtests/run.py", "backtests/runs/terminal.py"),
    ("backtests/runs/files.py", "backtests/runs/pages.py"),
    ("backtests/runs/judged.py", "backtests/report/sections/overall.py"),
    ("backtests/runs/judged.py", "backtests/report/sections/verdict.py"),
    ("backtests/runs/manifest.py", "backtests/report/lead.py"),
    ("backtests/runs/manifest.py", "backtests/report/sections/calls.py"),
    ("backtests/runs/manifest.py", "backtests/report/sections/diagnosis.py"),
    ("backtests/runs/outcome.py", "backtests/command/progress.py"),
    ("backtests/runs/runner.py", "backtests/runs/redraw.py"),
}

TOUCHED = [
    ("backtests/report/templates/page.html", PAGES),
    ("backtests/report/sections/skill.py", PAGES),
    ("backtests/report/charts/study.py", PAGES),
    ("backtests/report/tearsheet.py", PAGES),
    ("backtests/report/__main__.py", PAGES),
    ("backtests/grids/pages/page.py", PAGES),
    ("backtests/runs/pages.py", PAGES),
    ("backtests/runs/terminal.py", PAGES),
    ("backtests/auditing/register.py", PAGES),
    ("backtests/judging/skill.py", NUMBERS),
    ("backtests/account/exchange.py", NUMBERS),
    ("backtests/report/rows.py", NUMBERS),
    ("backtests/report/tables/run.py", NUMBERS),
    ("backtests/grids/pages/choices.py", NUMBERS),
    ("backtests/writing/typed.py", NUMBERS),
    ("strategies/five_percent.py", NUMBERS),
    ("forecasters/engines/native/source/matrix.h", NUMBERS),
]


def files() -> Iterator[str]:
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*"):
            if path.suffix in CODE:
                yield path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize(("file", "side"), TOUCHED, ids=lambda value: value)
def test_a_file_that_changes_changes_the_digest_of_its_side_alone(
    tmp_path: Path, file: str, side: str
) -> None:
    assert (ROOT / file).is_file()
    path = tmp_path / file
    path.parent.mkdir(parents=True)
    digests = []
    for text in ("before", "after"):
        path.write_text(text)
        digests.append([digest_of_files(which, tmp_path) for which in (NUMBERS, PAGES)])
    changed = [a != b for a, b in zip(*digests, strict=True)]
    assert changed == [side == NUMBERS, side == PAGES]


def test_the_key_knows_the_code_of_the_numbers_and_no_page() -> None:
    said = versions()
    assert said["code"] == digest_of_files(NUMBERS) != digest_of_files(PAGES)
    assert not {"matplotlib", "quantstats"} & set(said), "libraries of pages"
    assert {"matplotlib", "quantstats"} < set(pages_version())
    assert key_of({"versions": said}) != key_of({"versions": {**said, "code": "other"}})


def test_pages_of_other_code_are_known_by_the_manifest() -> None:
    pages = json.loads(json.dumps(pages_version()))
    assert not drawn_otherwise({"pages": pages})
    assert drawn_otherwise({"pages": {**pages, "code": "0" * 64}})
    assert drawn_otherwise({}) and drawn_otherwise({"pages": None})


def test_every_line_that_was_drawn_is_about_files_that_exist() -> None:
    """A file that moves must not change its side unseen."""
    here = list(files())
    for place in (*DRAWN, *RECORDS):
        assert any(f.startswith(place) if place.endswith("/") else f == place for f in here), place


def test_what_computes_uses_nothing_of_what_draws() -> None:
    """Each module is on one side, and crosses the line only where it hands over a finished value."""
    crossing = set()
    for file in files():
        if file.endswith(".py") and side_of(file) == NUMBERS:
            text = (ROOT / file).read_text(encoding="utf-8")
            crossing |= {
                (file, used) for used in imported(ast.parse(text)) if side_of(used) == PAGES
            }
    assert crossing == HANDED_OVER


def imported(tree: ast.AST) -> set[str]:
    """Return the files of our modules that a module imports, except for types alone."""
    used = set()
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            continue
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names] + [node.module]
        for name in names:
            file = name.replace(".", "/") + ".py"
            if (ROOT / file).is_file():
                used.add(file)
        used |= imported(node)
    return used
