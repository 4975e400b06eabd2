"""A sample of hostile plugins through the command line, in processes of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.backtests.plugins.hostile import FORECASTER, HEAD, RULE

pytestmark = pytest.mark.slow

SMALL = (
    "--ticker 051900.KS --source simulated --start 2016-01-01 --end 2016-08-01 --train-size 60 --step 60 "
    "--seeds 1 --tearsheets none --strategy direction"
).split()


def command(folder: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "backtests.run", *SMALL, "--out", str(folder / "runs"), *flags],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        env={"OMP_NUM_THREADS": "1", "PATH": "/usr/bin:/bin", "HOME": str(folder)},
    )


def plugin(
    folder: Path, fit: str = "pass", predict: str = "return np.zeros(n)", top: str = ""
) -> str:
    path = folder / "mine.py"
    path.write_text(HEAD + f"import os\n{top}\n" + FORECASTER.format(fit=fit, predict=predict))
    return str(path)


@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize(
    ("fit", "words"),
    [
        ("sys.exit(0)", "ended the program (sys.exit(0)) in Mine.fit"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("return []", "Mine.fit"),
    ],
)
def test_a_forecaster_in_this_process_and_in_workers(
    tmp_path: Path, jobs: str, fit: str, words: str
) -> None:
    done = command(tmp_path, "--forecaster", plugin(tmp_path, fit=fit), "--jobs", jobs)
    assert done.returncode == 2, done.stderr
    assert words in done.stderr and "mine.py" in done.stderr and not done.stdout
    assert "Traceback" not in done.stderr


def test_a_rule_that_exits(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(HEAD + RULE.format(decide="sys.exit(0)", more=""))
    done = command(tmp_path, "--forecaster", "naive", "--strategy", str(path))
    assert done.returncode == 2 and "Mine.decide" in done.stderr and not done.stdout


@pytest.mark.parametrize("fit", ["os._exit(0)", "os.kill(os.getpid(), 9)"])
def test_a_worker_that_dies_names_its_fit_and_nothing_hangs(tmp_path: Path, fit: str) -> None:
    done = command(tmp_path, "--forecaster", plugin(tmp_path, fit=fit), "--jobs", "2")
    assert done.returncode == 2, done.stderr
    last = done.stderr.strip().splitlines()[-1]
    assert "'mine, 051900.KS, fold 2016-" in last and "--jobs" in last


def test_a_plugin_that_prints_does_not_reach_the_json(tmp_path: Path) -> None:
    loud = "print('loud'); os.write(1, b'raw'); sys.__stdout__.write('own')"
    path = plugin(tmp_path, fit=loud, predict=f"{loud}; return np.zeros(n)", top=loud)
    done = command(tmp_path, "--forecaster", path, "--jobs", "2", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["digest"]
    assert all(word in done.stderr for word in ("loud", "raw", "own"))


def test_two_labels_that_read_alike_have_a_page_each(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(
        HEAD + FORECASTER.format(fit="pass", predict="return np.zeros(n)") + "    note: str = 'x'\n"
    )
    labels = [f"{path}:note=a b", f"{path}:note=a/b", f"{path}:note={'y' * 300}"]
    done = command(tmp_path, "--forecaster", *labels, "--tearsheets", "main", "--quiet")
    assert done.returncode == 0, done.stderr
    folder = Path(done.stdout.strip()).parent
    sheets = sorted(sheet.name for sheet in (folder / "tearsheets").iterdir())
    assert len(sheets) == 5
    page = (folder / "index.html").read_text(encoding="utf-8")
    assert all(f"tearsheets/{name}" in page for name in sheets)
    assert "constrained_layout" not in done.stderr
