"""A user's own rule with a threshold gets what five_percent gets: calls, diagnosis, exits, other thresholds."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from strategies.variants import THRESHOLDS
from tests.backtests.example_runs import SMALL, run

RULE = '''
from dataclasses import dataclass

from strategies.rule import Rule, Side, Signal, risen


@dataclass(frozen=True)
class MyRule(Rule):
    """Buy on a forecast rise of the threshold; sell after a day, or when the forecast falls."""

    exits = {"next": "sold at the next session", "falls": "sold when the forecast is below the close"}
    threshold: float = 0.004
    exit: str = "falls"

    def decide(self, situation):
        if not situation.holding:
            up = risen(situation.forecast, situation.close, self.threshold)
            return Signal(Side.BUY if up else Side.HOLD)
        over = self.exit == "next" or situation.forecast < situation.close
        return Signal(Side.SELL if over else Side.HOLD)

    def reading(self):
        return "Buy on a forecast rise, sell by the exit."
'''
PLAIN = '''
from dataclasses import dataclass

from strategies.rule import Rule, Side, Signal, risen


@dataclass(frozen=True)
class PlainRule(Rule):
    """Hold while the forecast is above the close by the threshold."""

    threshold: float = 0.004

    def decide(self, situation):
        up = risen(situation.forecast, situation.close, self.threshold)
        return Signal(Side.BUY if up else Side.SELL)

    def reading(self):
        return "Hold on a forecast rise."
'''
FLAGS = [*SMALL[: SMALL.index("--seeds")], "--end", "2017-06-01"]


def run_rule(folder: Path, capsys: pytest.CaptureFixture[str], name: str, text: str) -> Path:
    """Return the folder of a run with this rule alone."""
    rule = folder / f"{name}.py"
    rule.write_text(text)
    settings = ("--seeds", 1, "--shifts", 0, "--tearsheets", "none", "--jobs", 1)
    code, printed = run(
        capsys, "--strategy", rule, *settings, "--out", folder / "runs", flags=FLAGS
    )
    assert code == 0
    return Path(printed["folder"])


def test_a_rule_with_exits_gets_every_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = run_rule(tmp_path, capsys, "my_rule", RULE)
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert {entry["strategy"] for entry in manifest["calls"]} == {"my_rule"}
    assert {entry["threshold"] for entry in manifest["diagnosis"]} == {0.004}
    points = pd.read_csv(folder / "sensitivity.csv")
    assert set(points["exit"]) == {"next", "falls"}
    assert set(points["threshold"]) == {0.004, *THRESHOLDS}
    assert len(points) == 2 * 2 * 11, "two forecasters, two exits, eleven thresholds"
    metrics = pd.read_csv(folder / "metrics.csv").set_index(["forecaster", "strategy"])
    assert points["trades"].sum() > 0
    for point in points[points["own"]].to_dict("records"):
        result = metrics.loc[(point["forecaster"], "my_rule")]
        assert (point["exit"], point["trades"]) == ("falls", result["trades"])
        assert point["total_return"] == result["total_return"]
    page = (folder / "index.html").read_text("utf-8")
    exits = page[page.index('id="exits"') :].split("</table>")[0]
    assert "<th>next</th>" in exits and "<th>falls</th>" in exits
    assert (
        "next: sold at the next session; falls: sold when the forecast is below the close." in page
    )
    assert "touch" not in page
    assert "all else is as in my_rule" in page
    assert 'class="calls"' in page and 'class="diagnosis"' in page


@pytest.mark.slow
def test_every_point_of_the_sweep_is_counted_as_a_trial(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = run_rule(tmp_path, capsys, "my_rule", RULE)
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    assert manifest["trials"]["count"] == 2 + 2 * 2 * 11


@pytest.mark.slow
def test_a_rule_without_exits_is_swept_over_its_threshold(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = run_rule(tmp_path, capsys, "plain", PLAIN)
    points = pd.read_csv(folder / "sensitivity.csv")
    assert set(points["exit"]) == {"as the rule"}
    assert len(points) == 2 * 11
    page = (folder / "index.html").read_text("utf-8")
    assert 'id="thresholds"' in page
    assert 'id="exits"' not in page
