"""What the flags of an audit make of its subjects, its account and its plan."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from backtests.audit import main, make_parser
from backtests.auditing.prepare import prepare


def first_subject(flags: str) -> Any:
    """Return what the first examination looks at."""
    return prepare(make_parser().parse_args(flags.split()))[0][0].subject


def test_the_flags_of_rule_account_and_costs_reach_the_audit() -> None:
    subject = first_subject(
        "--strategy five_percent --fill close --exit touch --cash 5000 --cash-fraction 0.5 "
        "--slippage-bps 7 --commission-bps 3 --tax-bps 11 --volume-cap 0.2"
    )
    assert (subject.rule.fill, subject.rule.exit) == ("close", "touch")
    broker = subject.broker
    assert (broker.cash, broker.cash_fraction, broker.volume_cap) == (5000, 0.5, 0.2)
    costs = broker.costs
    assert (costs.slippage_bps, costs.commission_bps, costs.tax_bps) == (7, 3, 11)


def test_the_engine_reaches_the_audit() -> None:
    assert first_subject("--forecaster rnn --engine torch").forecaster.engine == "torch"
    assert first_subject("--forecaster rnn").forecaster.engine == "auto"


def test_the_plan_is_short_unless_it_is_set() -> None:
    def plan(flags: str) -> tuple[int, int]:
        walk_forward = first_subject(f"--forecaster linear {flags}").walk_forward
        return walk_forward.train_size, walk_forward.step

    assert plan("") == (150, 40)
    assert plan("--lookback 80") == (240, 40), "three times the longest lookback"
    assert plan("--train-size 200 --step 30") == (200, 30)


def test_a_file_names_what_is_audited_and_on_which_bars(tmp_path: Path) -> None:
    file = tmp_path / "audit.toml"
    file.write_text(
        'forecaster = "rnn"\nticker = "A.KS"\nsource = "simulated"\nstart = 2014-01-01\nend = 2017-01-01\n'
        "epochs = 4\ntrain_size = 160\n"
    )
    subject = first_subject(f"--config {file}")
    assert list(subject.bars) == ["A.KS"], "not the simulated series of an audit without bars"
    assert (subject.forecaster.epochs, subject.walk_forward.train_size) == (4, 160)


def test_a_universe_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "audit.toml").write_text('universe = "large_caps.txt"\n')
    assert main(["--forecaster", "rnn", "--config", str(tmp_path / "audit.toml")]) == 2
    assert "an audit takes no universe: name its tickers" in capsys.readouterr().err
