"""Which files a finished run has, what stands beside each account, and how files are named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from backtests.account.result import Result
from backtests.report.summary import Summary, summarise
from backtests.runs.outcome import Outcome
from backtests.runs.pages import write_pages
from backtests.writing.file_names import slug
from forecasters.bars import Bars
from tests.backtests.example_studies import make_bars, make_study, with_plain_rule

FIRST, SECOND = "five_percent", "five_percent:threshold=0.02"


@pytest.fixture(scope="module")
def summary() -> Summary:
    """Return the summary of naive and one forecaster with two rules, a plain rule and buy and hold."""
    study = make_study(strategies=(FIRST, SECOND), forecasters=("rnn",), rows=640)
    return summarise(with_plain_rule(replace(study, histories={study.account: {}})))


class Written:
    """What was asked for instead of being written: pages, and each tearsheet with its settings."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.links: dict[Path, dict[str, str]] = {}
        self.up: dict[Path, str] = {}
        self.overview: list[Path] = []
        self.sheets: dict[Path, dict[str, Any]] = {}
        for name, function in (
            ("page.write_index", self._page),
            ("overview.write_overview", lambda folder, *rest: self.overview.append(folder)),
            ("tearsheet.tearsheet_of", self._sheet),
        ):
            monkeypatch.setattr(f"backtests.report.{name}", function)

    def _page(
        self, place: Path, summary: Summary, manifest: Any, names: Any, up: str, *ledger: Any
    ) -> None:
        self.links[place], self.up[place] = dict(names), up

    def _sheet(self, path: Path, result: Result, beside: Any, **settings: Any) -> Path:
        self.sheets[path] = {"result": result, "beside": beside, **settings}
        return path

    def of(self, label: str) -> dict[str, Any]:
        """Return the tearsheet of a result."""
        (sheet,) = (sheet for sheet in self.sheets.values() if sheet["result"].label == label)
        return sheet


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Written:
    return Written(monkeypatch)


def write(
    folder: Path, *summaries: Summary, which: str = "main", beside: Bars | None = None
) -> None:
    outcome = Outcome(summaries, {}, {}, {"key": "ab"})
    write_pages(folder, outcome, beside, which, 1, quiet=True)


@pytest.mark.parametrize(
    ("which", "labels"),
    [
        ("main", [f"naive--{FIRST}", f"rnn--{FIRST}", "hold", "buy_and_hold"]),
        (
            "all",
            [
                f"naive--{FIRST}", f"naive--{SECOND}", f"rnn--{FIRST}", f"rnn--{SECOND}", "hold",
                "buy_and_hold",
            ],
        ),
        ("none", []),
    ],
)  # fmt: skip
def test_the_page_links_to_the_tearsheets_that_are_written(
    tmp_path: Path, summary: Summary, written: Written, which: str, labels: list[str]
) -> None:
    write(tmp_path, summary, which=which)
    assert list(written.links[tmp_path]) == labels
    assert [tmp_path / name for name in written.links[tmp_path].values()] == list(written.sheets)
    assert len(set(written.sheets)) == len(labels), "no file is written twice"
    assert written.up == {tmp_path: ""} and written.overview == []
    assert not (tmp_path / "manifest.json").exists(), (
        "it comes last, with the sha256 of these files"
    )


def test_of_several_accounts_each_has_its_folder_and_there_is_an_overview(
    tmp_path: Path, summary: Summary, written: Written
) -> None:
    other = replace(summary, study=replace(summary.study, account="B.KS"))
    write(tmp_path, summary, other)
    places = [tmp_path / "051900.KS", tmp_path / "B.KS"]
    assert list(written.links) == places
    assert set(written.up.values()) == {"../"}
    assert {path.parents[1] for path in written.sheets} == set(places)
    assert written.overview == [tmp_path]


def test_a_tearsheet_stands_beside_buy_and_hold_and_that_one_alone(
    tmp_path: Path, summary: Summary, written: Written
) -> None:
    write(tmp_path, summary)
    sheet, held = written.of(f"rnn--{FIRST}"), written.of("buy_and_hold")
    assert sheet["beside"] is summary.study.held
    assert held["beside"] is None
    assert sheet["benchmark_title"] == "buy and hold"
    assert sheet["notes"] == [summary.study.readings[FIRST], summary.study.costs_note]
    assert held["notes"] == [summary.study.costs_note], "the study has no reading of it"
    assert not sheet["simulated"]
    for one in (sheet, held):
        assert one["known"][one["result"]] == summary.performance[one["result"]]
        assert one["known"][summary.study.held] == summary.performance[summary.study.held]


@pytest.mark.parametrize("simulated", [False, True])
def test_a_benchmark_stands_beside_every_account_and_is_simulated_or_not(
    tmp_path: Path, summary: Summary, written: Written, simulated: bool
) -> None:
    bars = make_bars("^KS11", rows=30, simulated=simulated)
    write(tmp_path, summary, beside=bars)
    for sheet in written.sheets.values():
        assert sheet["benchmark_title"] == "^KS11"
        assert sheet["simulated"] is simulated
        assert str(sheet["beside"].index[0].date()) == str(bars.sessions[1])
        assert sheet["beside"].iloc[0] == pytest.approx(bars.close[1] / bars.close[0] - 1)


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("rnn:hidden=8,lr=0.01--five_percent", "rnn_hidden=8,lr=0.01--five_percent"),
        ('a/b\\c*?<>|" d', "a_b_c______ _d".replace(" ", "")),
        ("엘지.KS", "엘지.KS"),
        ("C:x+y", "C_x+y"),
    ],
)
def test_a_file_name_has_only_characters_that_every_system_takes(label: str, name: str) -> None:
    assert slug(label) == name
