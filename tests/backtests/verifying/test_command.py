"""`backtests verify` and `assert_reproduces`: exit codes, JSON, the summary for CI."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from backtests.testing import assert_reproduces
from backtests.verify import main
from backtests.verifying.again import Again


@pytest.fixture
def made_again(again: Again, monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """Let each verification take the run that is made again already; return what was asked."""
    asked: list[tuple[Any, ...]] = []

    def answer(*given: Any, **more: Any) -> Again:
        asked.append((*given, more))
        return again

    monkeypatch.setattr("backtests.verifying.verify.run_again", answer)
    return asked


class Left(io.StringIO):
    """A stream whose reader has left."""

    def write(self, text: str) -> int:
        raise BrokenPipeError


def drop_a_fill(folder: Path) -> None:
    lines = (folder / "fills.csv").read_text().splitlines(keepends=True)
    (folder / "fills.csv").write_text("".join(lines[:-1]))


def test_the_exit_code_says_whether_the_run_is_the_same(
    copy: Path,
    made_again: Any,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert main([str(copy)]) == 0
    assert capsys.readouterr().out.startswith(
        f"the same: {copy} beside the run made again on its own bars, every"
    )
    drop_a_fill(copy)
    assert main([str(copy / "manifest.json")]) == 1
    out = capsys.readouterr().out
    assert (
        out.startswith(f"different: {copy} beside") and "what moved: fills" in out.splitlines()[0]
    )
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", Left())
        assert main([str(copy)]) == 1, "also where nobody reads to the end"
    (copy / "manifest.json").unlink()
    page = copy / "summary.md"
    assert main([str(copy), "--summary", str(page)]) == 2
    assert "is not a finished run" in capsys.readouterr().err
    assert page.read_text().startswith("## ⚠️ Backtest: cannot tell\n")


def test_json_and_the_summary_say_the_same(
    copy: Path, made_again: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drop_a_fill(copy)
    page = tmp_path / "summary.md"
    page.write_text("before\n")
    assert (
        main([str(copy), "--json", "--summary", str(page), "--data-dir", "x", "--jobs", "1"]) == 1
    )
    printed = json.loads(capsys.readouterr().out)
    assert (printed["same"], [f["kind"] for f in printed["findings"]]) == (False, ["fill"])
    assert page.read_text().startswith("before\n## ❌ Backtest: different\n")
    assert "### Fills\n- " in page.read_text()
    assert made_again[0][3] == "x"


def test_an_update_is_written_only_where_something_moved(
    copy: Path, made_again: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    replaced: list[Path] = []

    def replace(folder: Path, again: Again, quiet: bool) -> Path:
        replaced.append(folder)
        return folder.with_name("old")

    monkeypatch.setattr("backtests.verifying.update.replace_folder", replace)
    assert main([str(copy), "--update"]) == 0 and replaced == []
    drop_a_fill(copy)
    assert main([str(copy), "--update"]) == 1
    assert replaced == [copy]
    printed = capsys.readouterr()
    assert "different" in printed.out and "the old folder is" in printed.err


def test_two_folders_are_compared_and_nothing_is_run(
    made: Path, copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(made), "--against", str(copy)]) == 0
    drop_a_fill(copy)
    assert main([str(made), "--against", str(copy)]) == 1
    assert f"{made} beside {copy}" in capsys.readouterr().out
    with pytest.raises(SystemExit) as end:
        main([str(made), "--against", str(copy), "--update"])
    assert end.value.code == 2


def test_pytest_users_get_the_difference_as_an_assertion(copy: Path, made_again: Any) -> None:
    assert_reproduces(copy)
    drop_a_fill(copy)
    with pytest.raises(AssertionError, match=r"(?s)different: .*fills:\n  - .*1 fill is missing"):
        assert_reproduces(str(copy))


def test_testing_needs_no_pytest() -> None:
    code = "import sys; from backtests.testing import assert_reproduces; print('pytest' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_the_manifest_of_a_code_that_changed_since(
    copy: Path, again: Again, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The whole way: the digest of the code and a version are read when the run is made again."""
    from backtests.runs import made_of
    from backtests.verifying.report import to_text
    from backtests.verifying.verify import verified

    real: Callable[[], dict[str, str]] = made_of.versions
    moved = {"code": "c" * 64, "pandas": "9.9.9"}
    monkeypatch.setattr("backtests.runs.prepared.versions", lambda: real() | moved)
    with verified(copy, jobs=1, quiet=True) as answer:
        assert answer.comparison.same
        assert [f.kind for f in answer.comparison.findings] == ["code", "library"]
        assert f"pandas: {real()['pandas']}, now 9.9.9" in to_text(answer.comparison)


def test_a_summary_that_cannot_be_written_ends_it_before_the_work(
    copy: Path, made_again: list[Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(copy), "--summary", str(copy / "missing" / "x.md")]) == 2
    assert made_again == [] and "No such file" in capsys.readouterr().err


def test_with_json_a_print_of_the_work_goes_to_stderr(
    copy: Path, again: Again, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def talks(*given: Any, **more: Any) -> Again:
        print("from a plugin")
        return again

    monkeypatch.setattr("backtests.verifying.verify.run_again", talks)
    assert main([str(copy), "--json"]) == 0
    out, err = capfd.readouterr()
    assert json.loads(out)["same"] is True and "from a plugin" in err


def test_an_update_that_changes_nothing_says_why(
    copy: Path, made_again: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(copy), "--update"]) == 0
    assert "stays as it is: nothing moved" in capsys.readouterr().err
