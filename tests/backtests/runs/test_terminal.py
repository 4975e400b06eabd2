"""The end of a run on the terminal: words that say why, and the user's letters as they are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from backtests.report.summary import summarise
from backtests.runs.folder import Finished
from backtests.runs.made_of import describe
from backtests.runs.manifest import results_of
from backtests.runs.terminal import print_summary, trained_by
from backtests.studies.study import Study
from tests.backtests.example_studies import make_study


def finished(*studies: Study, folder: str = "runs/x", found: bool = False) -> Finished:
    manifest: dict[str, Any] = {
        "accounts": {study.account: {} for study in studies},
        "data": [describe(bars) for study in studies for bars in study.bars.values()],
        **results_of([summarise(study) for study in studies]),
        "verdict": {},
        "deflated": {s.account: {"trials": 7, "new": 2, "file": "trials.jsonl"} for s in studies},
    }
    return Finished(Path(folder), manifest, found)


def printed(capsys: pytest.CaptureFixture[str], run: Finished) -> str:
    print_summary(run)
    return capsys.readouterr().out


def poor(study: Study) -> Study:
    """Return the study of an account that could not pay for one share, nor could foresight."""

    def without(result: Any) -> Any:
        return replace(result, trades=(), fills=(), rejected=0, expired=0, unaffordable=5)

    return replace(
        study,
        results=tuple(without(result) for result in study.results),
        foresight=tuple(without(result) for result in study.foresight),
    )


def test_it_says_in_words_why_nothing_was_bought(capsys: pytest.CaptureFixture[str]) -> None:
    out = printed(capsys, finished(poor(make_study())))
    assert out.count("The price itself rose 5.0% or more on 2 of 366 days") == 1
    assert "even a perfect forecaster could not have paid for one share" in out
    assert "would have earned" not in out
    assert "rnn forecast +5.0% or more on 5 days but bought nothing: on 5 of its signals" in out
    assert out.count("naive forecasts no change") == 1
    assert "correlate" not in out, "one sentence a forecaster"


def test_a_market_that_foresight_traded_is_told_once_and_not_in_the_caption(
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = printed(capsys, finished(make_study(traded=False)))
    assert out.count("a perfect forecaster of those days would have earned") == 1
    assert "stacked_lstm never bought: its largest forecast was" in out


def test_what_the_user_wrote_is_no_markup(capsys: pytest.CaptureFixture[str]) -> None:
    study = make_study(
        "A[red]B",
        traded=False,
        simulated=True,
        forecasters=("x[bold]y:cat:", "[/]"),
        strategies=("r[i]",),
    )
    out = printed(capsys, finished(study, folder="r[bold]x"))
    for part in ("A[red]B", "r[bold]x", "x[bold]y:cat:", "[/]", "r[i]"):
        assert part in out, part
    assert "SIMULATED bars, not real ones: A[red]B" in out


def test_thresholds_are_exact(capsys: pytest.CaptureFixture[str]) -> None:
    study = replace(make_study(traded=False), thresholds={"five_percent": 0.0125})
    out = printed(capsys, finished(study))
    assert "five_percent needs a forecast of +1.25%" in out
    heading = next(line for line in out.splitlines() if "largest " in line and "1.25%" in line)
    assert heading.split()[:7] == ["forecaster", "largest", "1.0%", "1.25%", "2.0%", "3.0%", "5.0%"]


def test_a_long_setting_does_not_squeeze_the_names(capsys: pytest.CaptureFixture[str]) -> None:
    rule = "five_percent:exit=touch,threshold=0.0125"
    out = printed(capsys, finished(make_study(strategies=("five_percent", rule))))
    assert "stacked_lstm:t" in out, "a name is folded at 14 letters at the least"


def test_a_run_that_was_there_says_so_before_its_table(capsys: pytest.CaptureFixture[str]) -> None:
    out = printed(capsys, finished(make_study(), found=True))
    assert out.index("was there already") < out.index("forecaster")
    assert "was there already" not in printed(capsys, finished(make_study()))


@pytest.mark.parametrize(
    ("networks", "who"), [(2, "cnn:filters=0 and cnn:filters=1"), (9, "9 networks")]
)
def test_many_networks_that_torch_trained_are_counted(networks, who):
    engines = {f"cnn:filters={n}": ["torch: no kernels were built"] for n in range(networks)}
    assert trained_by({"engines": {"A.KS": engines}}) == [
        f"{who}: trained by torch, because no kernels were built"
    ]


def test_it_says_how_much_was_looked_at_on_these_prices(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, finished(make_study()))
    assert "7 trials on these prices so far, 2 new, in trials.jsonl" in text
