"""A study judged: planted skill is found, noise is not, and a run says both first."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import numpy as np
import pytest

from backtests.account.broker import Broker
from backtests.account.engine import run_backtest
from backtests.jobs.parallel import in_turn
from backtests.judging.judgement import Judgement
from backtests.judging.verdict import BETTER, IDLE, SAME, TIMED, UNTIMED, WORSE
from backtests.markets.costs import Costs
from backtests.markets.market import market_for
from backtests.report.page import write_index
from backtests.report.sections.verdict import forecast_sentence, headline, power_sentences
from backtests.report.summary import summarise
from backtests.runs.judged import describe_judgement
from backtests.studies.judge import judge
from backtests.trials.ledger import FILE
from strategies.buy_and_hold import BuyAndHoldRule
from strategies.direction import DirectionRule
from strategies.five_percent import FivePercentRule
from tests.backtests.example_runs import SMALL, run
from tests.backtests.example_studies import make_bars, make_forecasts, make_manifest, make_study

FIRST = 400
RULES = {"direction": DirectionRule(), "five_percent": FivePercentRule(threshold=0.2)}
BROKER = Broker(1e8, Costs.of(market_for("051900.KS", "krx"), 0.0, 0.0, 0.0))


@pytest.fixture(scope="module")
def study():
    """Two forecasters beside naive: one knows a part of what comes, one is loud noise."""
    bars = make_bars(rows=900, seed=3)
    naive = make_forecasts(bars, "naive", FIRST)
    noise = make_forecasts(bars, "noise", FIRST, spread=0.02)
    rng = np.random.default_rng(8)
    known = np.nan_to_num(naive.realised_return)
    part = naive.last_close * (1 + 0.5 * known + 0.004 * rng.standard_normal(len(naive)))
    part[~np.isfinite(naive.close)] = np.nan
    skilled = replace(naive, forecaster="skilled", by_seed=part[None])
    of = {f.forecaster: f for f in (naive, skilled, noise)}

    def trade(f, label, rule):
        return run_backtest({f.ticker: bars}, {f.ticker: f}, rule, BROKER, label=label)

    results = [trade(of[name], label, rule) for name in of for label, rule in RULES.items()]
    results.append(trade(naive, "buy_and_hold", BuyAndHoldRule()))
    return replace(
        make_study(), bars={bars.ticker: bars}, forecasts={bars.ticker: tuple(of.values())},
        results=tuple(results), exits=(), foresight=(), histories={bars.ticker: {}},
        thresholds={"five_percent": 0.2},
    )  # fmt: skip


@pytest.fixture(scope="module")
def judgement(study) -> Judgement:
    return judge(study, RULES, BROKER, 20, in_turn)


def test_planted_skill_is_better_and_noise_is_worse(judgement: Judgement) -> None:
    assert [(v.forecaster, v.word) for v in judgement.forecasts] == [
        ("skilled", BETTER),
        ("noise", WORSE),
    ]


def test_planted_timing_is_shown_and_noise_shows_none(judgement: Judgement) -> None:
    words = {(v.forecaster, v.strategy): v.word for v in judgement.rules}
    assert words == {
        ("skilled", "direction"): TIMED,
        ("skilled", "five_percent"): IDLE,
        ("noise", "direction"): UNTIMED,
        ("noise", "five_percent"): IDLE,
    }
    assert headline(judgement.forecasts, judgement.rules) == [
        "1 of 2 forecasters is better than naive: skilled; 1 is worse.",
        "1 of 4 combinations of forecaster and rule shows timing: skilled with direction; of the others "
        "2 never bought and 1 earned no more by timing, after costs, than chance gives.",
    ]


def test_the_verdict_needs_no_shifts(study, judgement: Judgement) -> None:
    unshifted = judge(study, RULES, BROKER, 0, in_turn)
    assert unshifted.shifted == ()
    assert [v.word for v in unshifted.rules] == [v.word for v in judgement.rules]


def test_a_study_says_what_chance_its_days_gave(study, judgement: Judgement) -> None:
    assert judgement.power is not None
    assert judgement.power.days == judgement.skill.n
    assert (judgement.power.forecasters, judgement.power.rules) == (2, 2)
    assert judge(replace(study, horizon=5), RULES, BROKER, 0, in_turn).power is None


def test_the_rows_and_the_manifest_tell_the_same_words(study, judgement: Judgement) -> None:
    rows = summarise(replace(study, judgement=judgement)).rows
    by_pair = {(row["forecaster"], row["strategy"]): row for row in rows}
    skilled = by_pair["skilled", "direction"]
    assert skilled["forecast_verdict"] == BETTER
    assert skilled["verdict"] == TIMED
    assert skilled["gain"] == judgement.skill.judged[0].absolute.gain
    assert skilled["gain_low"] > 0
    assert by_pair["naive", "direction"]["verdict"] is None
    described = describe_judgement(judgement)
    json.dumps(described, allow_nan=False)
    assert [verdict["word"] for verdict in described["forecasters"]] == [BETTER, WORSE]
    rule = described["rules"][0]
    assert rule["shifts"]["shifts"] == judgement.shifted[0].shifts == 20
    assert rule["timing"]["gain"] == skilled["timing_gain"] == judgement.timing[0].gain
    assert rule["timing"]["p"] == skilled["timing_p"] < 0.001
    assert "daily" not in rule["timing"], "a series is no figure"
    assert described["power"]["days"] == judgement.skill.n
    plain = summarise(study).rows
    assert all(row["verdict"] is None and row["gain"] is None for row in plain)


def test_the_verdict_stands_before_every_other_sentence(study, judgement, tmp_path: Path) -> None:
    page = write_index(
        tmp_path, summarise(replace(study, judgement=judgement)), make_manifest(study), {}
    ).read_text(encoding="utf-8")
    body = page[page.index("<main>") :]
    verdict, lead = body.index('class="verdict"'), body.index('class="lead"')
    assert verdict < lead
    assert headline(judgement.forecasts)[0] in body[verdict:lead]
    assert power_sentences(judgement.power)[0] in body[verdict:lead]
    for part in ('id="skill"', 'id="chance"', 'id="timing"', 'id="shifts"'):
        assert part in body
    unjudged = write_index(tmp_path / "no", summarise(study), make_manifest(study), {}).read_text(
        "utf-8"
    )
    assert 'class="verdict"' not in unjudged


def test_a_run_says_its_verdict_and_counts_its_trials(tmp_path, capsys) -> None:
    ledger = ("--ledger", tmp_path / FILE, "--end", "2017-06-01")
    code, first = run(capsys, "--out", tmp_path, "--jobs", 1, *ledger)
    assert code == 0
    manifest = json.loads((Path(first["folder"]) / "manifest.json").read_text("utf-8"))
    (account,) = manifest["verdict"]
    assert first["verdict"] == manifest["verdict"]
    assert all(
        verdict["word"] in (BETTER, WORSE, SAME)
        for verdict in manifest["judgement"][account]["forecasters"]
    )
    trials = manifest["trials"]["counted"][0]["trials"]
    assert trials == 2 + 2 * 10 * 3, "forecasters, and of each the thresholds and exits of the rule"
    assert manifest["verdict"][account] == manifest["judgement"][account]["headline"], (
        "a first page"
    )
    assert len(manifest["trials"]["counted"][0]["prices"]) == 1, "known by their content"
    lines = (tmp_path / FILE).read_text("utf-8").splitlines()
    assert len(lines) == trials == manifest["trials"]["count"]
    code, other = run(capsys, "--out", tmp_path, "--jobs", 1, *ledger, "--threshold", 0.07)
    again = json.loads((Path(other["folder"]) / "manifest.json").read_text("utf-8"))
    assert again["trials"]["counted"][0]["trials"] > trials, "another threshold was looked at"
    code, found = run(capsys, "--out", tmp_path, "--jobs", 1, *ledger)
    assert found["found"] is True
    assert len((tmp_path / FILE).read_text("utf-8").splitlines()) == again["trials"]["count"]


#: The parts of a manifest that may depend on the ledger, and the flags.
LEDGER = ("trials", "deflated", "overall", "verdict", "config")


@pytest.mark.slow
def test_what_depends_on_the_ledger_enters_neither_key_nor_digest(tmp_path, capsys) -> None:
    _, alone = run(capsys, "--out", tmp_path / "a", "--jobs", 1)
    run(capsys, "--out", tmp_path / "b", "--jobs", 1, "--threshold", 0.07)
    _, later = run(capsys, "--out", tmp_path / "b", "--jobs", 1)
    manifests = [
        json.loads((Path(r["folder"]) / "manifest.json").read_text("utf-8")) for r in (alone, later)
    ]
    assert manifests[0]["trials"] != manifests[1]["trials"]
    assert manifests[0]["deflated"] != manifests[1]["deflated"]
    assert (alone["key"], alone["digest"]) == (later["key"], later["digest"])
    both = [{k: v for k, v in m.items() if k not in LEDGER} for m in manifests]
    assert both[0] == both[1]
    assert (Path(alone["folder"]) / "metrics.csv").read_bytes() == (
        Path(later["folder"]) / "metrics.csv"
    ).read_bytes()


@pytest.mark.slow
def test_a_run_without_shifts_says_so(tmp_path, capsys) -> None:
    flags = [*SMALL[: SMALL.index("--shifts")], "--shifts", "0"]
    _, printed = run(capsys, "--out", tmp_path, "--jobs", 1, flags=flags)
    manifest = json.loads((Path(printed["folder"]) / "manifest.json").read_text("utf-8"))
    (described,) = manifest["judgement"].values()
    assert all(rule["shifts"] is None for rule in described["rules"])


def test_each_row_of_the_tables_has_its_word(study, judgement, tmp_path: Path) -> None:
    page = write_index(
        tmp_path, summarise(replace(study, judgement=judgement)), make_manifest(study), {}
    ).read_text("utf-8")
    skill, chance = (
        page[page.index(f'<table id="{name}"') :].split("</table>")[0]
        for name in ("skill-table", "chances")
    )
    rows = re.findall(r"<tr.*?</tr>", skill, re.DOTALL)[1:]
    assert [word in row for word, row in zip((BETTER, WORSE), rows, strict=True)] == [True, True]
    assert forecast_sentence(judgement.forecasts[0]) in unescape(skill)
    for word in (TIMED, UNTIMED):
        assert chance.count(f">{word}</td>") == 1
