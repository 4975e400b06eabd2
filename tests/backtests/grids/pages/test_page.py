"""The page of a grid: naive first, what is in-sample is called so, the heat maps' cells by hand."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import numpy as np
import pytest

from backtests.grids.pages.heat import heat_maps
from backtests.grids.pages.page import write_page
from backtests.grids.pages.sentences import finding_sentences, verdict_sentences
from backtests.grids.pages.terminal import print_ranking
from backtests.grids.results.judged_grid import judge_grid
from backtests.runs.folder import Finished
from backtests.runs.made_of import describe
from tests.backtests.browser import CHROMIUM, open_page, outside_addresses
from tests.backtests.example_outcomes import make_outcome
from tests.backtests.plain_charts import drawn_whole

MANIFEST = {"key": "ab" * 32, "digest": "cd" * 32, "config": {"cross": ["filters=2,4"], "seeds": 1}}
VALIDATION = {"relu,filters=2": 0.01, "relu,filters=4": 0.03, "tanh,filters=2": 0.03, "rnn": 0.09}
TEST = {
    "relu,filters=2": 0.04, "relu,filters=4": 0.02, "tanh,filters=2": 0.06, "tanh,filters=4": 0.08, "rnn": 0.09,
}  # fmt: skip
CROSS = ("filters=2,4", "activation=relu,tanh")


@pytest.fixture(scope="module")
def grid():
    return judge_grid(
        make_outcome(
            {**VALIDATION, "tanh,filters=4": 0.05},
            TEST,
            cross=CROSS,
            beside=("rnn",),
            simulated=True,
        )
    )


@pytest.fixture(scope="module")
def folder(grid, tmp_path_factory):
    folder = tmp_path_factory.mktemp("grid")
    with drawn_whole():
        write_page(folder, grid, {**MANIFEST, "verdict": verdict_sentences(grid)})
    return folder


@pytest.fixture(scope="module")
def page(folder):
    return (folder / "index.html").read_text(encoding="utf-8")


class Tables(HTMLParser):
    """Every table of a page: id, and rows of the text of their cells."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: dict[str, list[list[str]]] = {}
        self.classes: dict[str, list[str]] = {}
        self._table, self._cell = "", False
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        named = dict(attrs)
        if tag == "table":
            self._table = named.get("id", "")
            self.rows[self._table], self.classes[self._table] = [], []
        if tag == "tr":
            self.rows[self._table].append([])
            self.classes[self._table].append(named.get("class") or "")
        if tag in ("td", "th"):
            self._cell = True
            self.rows[self._table][-1].append("")

    def handle_endtag(self, tag):
        self._cell = self._cell and tag not in ("td", "th")

    def handle_data(self, data):
        if self._cell:
            self.rows[self._table][-1][-1] += data


def test_naive_is_the_first_row_of_every_ranked_table(folder, page):
    rows = Tables(page).rows["ranked"]
    assert rows[0][:4] == ["Forecaster", "filters", "activation", "Rank"]
    assert rows[1][:4] == ["naive", "\u2013", "\u2013", "\u2013"]
    assert [row[0] for row in rows[1:]].count("naive") == 1 and len(rows) == 1 + 6
    assert Tables(page).classes["ranked"][1] == "reference", "set off from the others"
    lines = (folder / "ranking.md").read_text(encoding="utf-8").splitlines()
    assert lines[4].startswith("| naive |") and len(lines) == 2 + 2 + 6
    body = (folder / "ranking.tex").read_text(encoding="utf-8").partition(r"\midrule")[2]
    assert body.strip().startswith("naive &")
    assert r"\label{tab:ranking}" in (folder / "ranking.tex").read_text(encoding="utf-8")


def test_the_ranked_rows_are_the_planted_errors_in_their_order(page):
    rows = Tables(page).rows["ranked"]
    at = rows[0].index("MAPE")
    assert [(row[1], row[2], row[at]) for row in rows[2:]] == [
        ("4", "relu", "2.00%"),
        ("2", "relu", "4.00%"),
        ("2", "tanh", "6.00%"),
        ("4", "tanh", "8.00%"),
        ("\u2013", "\u2013", "9.00%"),  # rnn, beside the grid
    ]


def test_both_choices_stand_there_and_one_is_called_in_sample(page):
    rows = Tables(page).rows["selections"]
    honest, papers = rows[1:]
    assert honest[0].strip() == "validation rows" and "filters=2" in honest[1]
    assert papers[0].split() == ["test", "rows", "IN-SAMPLE"]
    assert honest[3] == "4.00%" and honest[4] == papers[4], "naive beside both"
    assert papers[-1] == papers[-2] == "\u2013", (
        "what was picked after the test is not tested on it"
    )


def test_what_is_simulated_is_called_so_and_nothing_is_asked_of_the_outside(folder, page):
    title = page.partition("<title>")[2].partition("</title>")[0]
    assert "SIMULATED" in title and "SIMULATED prices" in page
    for name in ("ranking.md", "ranking.tex"):
        assert "SIMULATED" in (folder / name).read_text(encoding="utf-8"), name
    assert "<script" not in page and not outside_addresses(page)
    for name in re.findall(r'href="([^":#]+)"', page):
        assert name == "manifest.json" or (folder / name).exists(), name
    assert "None" not in re.sub(r"None of \d+", "", page), (
        "a missing figure is a dash with a reason"
    )


def test_every_chart_is_there_as_svg_and_png(folder, page):
    names = {path.name for path in (folder / "figures").iterdir()}
    assert names == {
        f"{n}.{e}" for n in ("heat", "choice", "losses", "closes") for e in ("svg", "png")
    }
    assert page.count("<svg") == 4


@pytest.mark.slow
@pytest.mark.usefixtures("whole_charts")
def test_the_same_outcome_draws_the_same_bytes(folder, grid, tmp_path):
    write_page(tmp_path, grid, {**MANIFEST, "verdict": verdict_sentences(grid)})
    for path in (*(folder / "figures").iterdir(), *folder.glob("*.*")):
        assert (tmp_path / path.relative_to(folder)).read_bytes() == path.read_bytes(), path.name


def test_a_heat_map_has_the_mape_over_naives_in_the_cell_of_its_values(grid):
    """The longer field, or the first of equals, makes the columns; the chosen cells are known."""
    maps = heat_maps(grid)
    assert len(maps) == 1, "two crossed fields are the axes; rnn beside the grid is not in it"
    (one,) = maps
    assert (one.column, one.row) == ("filters", "activation")
    naive = grid.naive_mape
    np.testing.assert_allclose(one.ratio * naive, [[4, 2], [6, 8]])  # relu and tanh, 2 and 4
    assert one.by_validation == ((0, 0),) and one.by_test == ((0, 1),)


def test_heat_maps_of_s3_have_batch_by_filters_for_each_architecture_and_activation():
    outcome = make_outcome(
        {}, {"architecture=3,batch_size=64,filters=128": 0.07, "filters=64": 0.02},
        cross=("architecture=1,2,3", "filters=64,128,256", "batch_size=32,64,128", "activation=relu,tanh"),
    )  # fmt: skip
    maps = heat_maps(judge_grid(outcome))
    assert [one.title for one in maps] == [
        f"cnn:architecture={a},activation={f}" for f in ("relu", "tanh") for a in (1, 2, 3)
    ]
    third = maps[2]
    assert (third.row, third.rows, third.column) == ("batch_size", ("32", "64", "128"), "filters")
    naive = outcome.naive.metrics["mape"]
    np.testing.assert_allclose(third.ratio * naive, [[2, 1, 1], [2, 7, 1], [2, 1, 1]])


def test_one_crossed_field_is_one_row():
    (one,) = heat_maps(judge_grid(make_outcome({}, {"filters=2": 0.02, "filters=4": 0.03})))
    assert (one.row, one.column, one.ratio.shape) == ("", "filters", (1, 2))


def test_the_terminal_shows_the_head_of_the_ranking_and_says_how_much_is_left(capsys, tmp_path):
    values = range(1, 16)
    test = {f"filters={n}": n / 100 for n in values}
    grid = judge_grid(make_outcome(test, test, cross=(f"filters={','.join(map(str, values))}",)))
    bars = grid.outcome.bars
    manifest = {
        "data": [describe(bars)], "ranking": grid.rows, "crossed": grid.outcome.search.crossing.axes,
        "s3": False, "engines": {}, "findings": finding_sentences(grid), "verdict": verdict_sentences(grid),
    }  # fmt: skip
    print_ranking(Finished(tmp_path, manifest, found=False))
    out = capsys.readouterr().out
    names = [
        line.split()[0] for line in out.splitlines() if line.strip().startswith(("naive", "cnn"))
    ]
    assert names == ["naive"] + 12 * ["cnn"]
    assert "3 more rows in ranking.md" in out and "12.00%" in out and "13.00%" not in out
    text = " ".join(out.split())
    verdict, findings = manifest["verdict"], manifest["findings"]
    assert all(sentence in text for sentence in (*verdict, *findings))
    assert text.index(verdict[0]) < text.index(findings[0])


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium")
def test_the_browser_has_nothing_to_say_about_the_page(folder, tmp_path):
    assert open_page(folder / "index.html", tmp_path) == ([], [])
