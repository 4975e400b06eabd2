"""The workflows of examples/ci turn red on a changed result and post what moved."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from backtests.verify import make_parser
from tests.backtests.verifying.test_command import drop_a_fill

yaml = pytest.importorskip("yaml", reason="PyYAML comes with the dev dependencies")
ROOT = Path(__file__).parents[3]
EXAMPLES = ("github", "gitlab")


def steps_of(name: str) -> tuple[list[str], str]:
    """Return the shell commands of a workflow, and the file to which it posts."""
    flow: dict[str, Any] = yaml.safe_load((ROOT / f"examples/ci/{name}-backtest.yml").read_text())
    if name == "github":
        steps = flow["jobs"]["verify"]["steps"]
        assert flow["env"]["RUN"].startswith("runs/")
        return [step["run"] for step in steps if "run" in step], "summary.md"
    job = flow["backtest"]
    assert (job["artifacts"]["when"], job["artifacts"]["paths"]) == ("always", ["backtest.md"])
    assert job["variables"]["RUN"].startswith("runs/")
    return job["script"], "backtest.md"


def execute(name: str, folder: Path, python: Path) -> tuple[list[int], str]:
    """Run the steps as CI does, each in bash, the next only if the last passed; return codes and the post."""
    steps, post = steps_of(name)
    env = os.environ | {
        "PATH": f"{python}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "RUN": next(str(p.relative_to(folder)) for p in (folder / "runs").iterdir()),
        "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
    }
    codes = []
    for step in steps:
        done = subprocess.run(
            ["bash", "-eo", "pipefail", "-c", step], cwd=folder, env=env, check=False
        )
        codes.append(done.returncode)
        if done.returncode:
            break
    page = folder / post
    return codes, page.read_text(encoding="utf-8") if page.exists() else ""


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_steps_are_commands_that_exist_and_end_with_the_code_of_verify(
    name: str, tmp_path: Path
) -> None:
    """A program called python stands for the real one: it writes down how it was called."""
    steps, _ = steps_of(name)
    words = shlex.split(steps[-1])
    assert words[:3] == ["python", "-m", "backtests.verify"]
    assert make_parser().parse_args(words[3:]).summary
    (tmp_path / "runs" / "A").mkdir(parents=True)
    (tmp_path / "bin").mkdir()
    python = tmp_path / "bin" / "python"
    python.write_text(
        '#!/bin/sh\necho "$@" >> called\ncase "$2" in pip) exit 0 ;; *) exit 1 ;; esac\n'
    )
    python.chmod(0o755)
    codes, _ = execute(name, tmp_path, tmp_path / "bin")
    assert codes == [0, 1]
    called = (tmp_path / "called").read_text().splitlines()
    assert called[0] == "-m pip install -r requirements.txt"
    assert called[1].startswith("-m backtests.verify runs/A --quiet --summary ")


@pytest.mark.slow
@pytest.mark.parametrize("name", EXAMPLES)
def test_the_workflow_is_green_on_the_same_run_and_red_on_another(
    name: str, made: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "project"
    copy = Path(shutil.copytree(made, folder / "runs" / made.name))
    (folder / "requirements.txt").write_text("walk-forward-backtests\n")
    codes, page = execute(name, folder, Path(sys.executable).parent)
    assert (codes, page.partition("\n")[0]) == ([0, 0], "## ✅ Backtest: the same")
    (folder / "summary.md").unlink(missing_ok=True)
    (folder / "backtest.md").unlink(missing_ok=True)
    drop_a_fill(copy)
    codes, page = execute(name, folder, Path(sys.executable).parent)
    assert (codes, page.partition("\n")[0]) == ([0, 1], "## ❌ Backtest: different")
    assert "### Fills" in page and "1 fill is missing" in page


@pytest.mark.slow
def test_another_pandas_in_a_second_environment_is_named(made: Path, tmp_path: Path) -> None:
    import pandas as pd

    other = "2.3.2" if pd.__version__ != "2.3.2" else "2.3.3"
    # The one place where a test asks for a package: it is skipped where there is none to be had.
    env = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    wanted = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--target",
        str(tmp_path / "other"),
    ]
    installed = subprocess.run(
        [*wanted, f"pandas=={other}"],
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    if installed.returncode:
        pytest.skip(f"pandas {other} cannot be installed here: {installed.stderr.strip()[-200:]}")
    path = os.pathsep.join([str(tmp_path / "other"), str(ROOT)])
    done = subprocess.run(
        [sys.executable, "-m", "backtests.verify", str(made), "--quiet"],
        env=os.environ | {"PYTHONPATH": path}, cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the same results, although the programs moved" in done.stdout
    assert f"libraries:\n  - pandas: {pd.__version__}, now {other}\n" in f"{done.stdout}\n"
