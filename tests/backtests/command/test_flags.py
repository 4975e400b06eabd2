"""Every flag stands on its field, and each command takes the flags whose fields name it."""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import typing
from pathlib import Path
from typing import Any

import pytest

from backtests import audit, grid, run
from backtests.__main__ import command_files
from backtests.auditing.config import AuditConfig
from backtests.command.config import RunConfig
from backtests.command.flag import Part, basic_type, flags_of, name_of
from backtests.command.flags import given_values
from backtests.grids.config import GridConfig
from forecasters.errors import InputError

ROOT = Path(__file__).parents[3]
CONFIGS = (RunConfig, GridConfig, AuditConfig)
PARSERS = {"run": run.make_parser, "grid": grid.make_parser, "audit": audit.make_parser}
#: What every command takes beside its fields.
COMMON = {"--help", "-h", "--config", "--quiet", "--json"}
FIELDS = [(of, name) for of in CONFIGS for name in flags_of(of)]


def flags_of_parser(parser: argparse.ArgumentParser) -> set[str]:
    """Return the flags that a parser takes."""
    return {flag for action in parser._actions for flag in action.option_strings}


@pytest.mark.parametrize(("of", "name"), FIELDS, ids=[f"{of.command}-{n}" for of, n in FIELDS])
def test_a_field_says_all_of_its_flag(of: type[RunConfig], name: str) -> None:
    flag = flags_of(of)[name]
    basic = basic_type(typing.get_type_hints(of)[name])
    assert flag.help and flag.part in Part
    assert flag.commands and set(flag.commands) <= set(command_files())
    assert flag.setting_of in ("", "forecaster", "strategy")
    if basic in (int, float):
        assert flag.bounds(), "a number without bounds"
    if flag.choices:
        assert basic is str


@pytest.mark.parametrize("of", CONFIGS, ids=lambda of: of.command)
def test_a_command_takes_exactly_the_flags_whose_fields_name_it(of: type[RunConfig]) -> None:
    flags = {name: flag for name, flag in flags_of(of).items() if of.command in flag.commands}
    names = {name_of(name) for name in flags}
    names |= {name_of(flag.opposite[0]) for flag in flags.values() if flag.opposite}
    assert flags_of_parser(PARSERS[of.command]()) == names | COMMON


@pytest.mark.parametrize("of", CONFIGS, ids=lambda of: of.command)
def test_a_configuration_keeps_what_its_command_takes_and_no_more(of: type[RunConfig]) -> None:
    config = of(ticker=("A",))
    flags = flags_of(of)
    assert set(config.values()) == {n for n, flag in flags.items() if of.command in flag.commands}


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ("--step 0", "--step is 0; it must be at least 1"),
        ("--train-size -5", "--train-size is -5; it must be at least 2"),
        ("--slots 0", "--slots is 0; it must be at least 1"),
        ("--epochs 0", "--epochs is 0; it must be at least 1"),
        ("--batch-size 0", "--batch-size is 0; it must be at least 1"),
        ("--cash-fraction 1.5", "--cash-fraction is 1.5; it must be above 0 and at most 1"),
        ("--validation 1.2", "--validation is 1.2; it must be at least 0 and below 1"),
        ("--validation 1", "--validation is 1.0; it must be at least 0 and below 1"),
        ("--purge -1", "--purge is -1; it must be at least 0"),
        ("--cash 0", "--cash is 0.0; it must be above 0"),
        ("--tax-bps 10000", "it must be at least 0 and below 10,000 basis points (5 is 0.05%)"),
        ("--learning-rate nan", "--learning-rate is nan; give a finite number"),
        ("--adjust split", "--adjust is 'split', did you mean 'splits'?"),
    ],
)
def test_a_value_beyond_its_bounds_ends_with_2(
    capsys: pytest.CaptureFixture[str], flags: str, words: str
) -> None:
    assert run.main(["--ticker", "A.KS", *flags.split()]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1 and words in lines[0]


@pytest.mark.parametrize("name", sorted(flags_of(RunConfig)))
def test_each_bound_holds_at_its_edge_and_breaks_beyond(name: str) -> None:
    flag = flags_of(RunConfig)[name]
    for edge, outside, inside in (
        (flag.least, -1e-9, 0), (flag.most, 1e-9, 0), (flag.above, 0, 1e-9), (flag.below, 0, -1e-9),
    ):  # fmt: skip
        if edge is None:
            continue
        far = max(1.0, abs(edge))  # a step of 1e-9 is lost beside 1e15
        flag.check(name, float(edge + inside * far))
        with pytest.raises(InputError, match=f"^{name_of(name)} is "):
            flag.check(name, float(edge + outside * far))


def test_a_grid_and_an_audit_check_the_same_bounds(capsys: pytest.CaptureFixture[str]) -> None:
    assert grid.main(["--ticker", "A.KS", "--seeds", "0"]) == 2
    assert "--seeds is 0; it must be at least 1" in capsys.readouterr().err
    assert audit.main(["--forecaster", "rnn", "--epochs", "0"]) == 2
    assert "--epochs is 0; it must be at least 1" in capsys.readouterr().err


def test_a_flag_that_is_gone_is_unknown_on_the_line_and_in_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        run.main(["--ticker", "A.KS", "--rank", "forecast"])
    assert end.value.code == 2
    assert "unrecognized arguments: --rank" in capsys.readouterr().err
    (tmp_path / "run.toml").write_text('rank = "forecast"\n')
    assert run.main(["--ticker", "A.KS", "--config", str(tmp_path / "run.toml")]) == 2
    assert "no key 'rank'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("command = 'grid'", "no key 'command'"),
        ("epochs = true", "epochs is True, true or false; it takes a whole number"),
        ("seeds = '3'", "seeds is '3', a text; it takes a whole number"),
        ("step = 0", "--step is 0; it must be at least 1"),
        ("step = ", "is not a TOML file"),
    ],
)
def test_a_file_is_held_to_the_same_types_and_bounds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], key: str, words: str
) -> None:
    (tmp_path / "run.toml").write_text(f"{key}\n")
    assert run.main(["--ticker", "A.KS", "--config", str(tmp_path / "run.toml")]) == 2
    assert words in capsys.readouterr().err


def test_flags_win_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "run.toml"
    file.write_text('ticker = "A.KS"\ntrain-size = 100\nstep = 7\nstart = 2015-01-31\ncash = 5\n')
    flags = run.make_parser().parse_args(["--config", str(file), "--step", "9", "--rolling"])
    assert given_values(flags) == {
        "ticker": ("A.KS",), "train_size": 100, "step": 9, "start": "2015-01-31", "cash": 5.0,
        "expanding": False,
    }  # fmt: skip


@pytest.mark.parametrize("command", sorted(PARSERS))
def test_help_shows_the_flags_by_part_and_two_examples(command: str) -> None:
    text = PARSERS[command]().format_help()
    (of,) = (config for config in CONFIGS if config.command == command)
    parts = {flag.part for flag in flags_of(of).values() if command in flag.commands}
    places = [text.index(f"\n{part.value}:\n") for part in Part if part in parts]
    assert places == sorted(places)
    assert text.count(f"\n  backtests {command} --") == 2
    assert "exit codes: 0 " in text


@pytest.mark.parametrize("command", sorted(PARSERS))
def test_the_examples_of_the_help_can_be_typed(command: str) -> None:
    parser = PARSERS[command]()
    for line in re.findall(rf"\n  backtests {command} (--.*)", parser.format_help()):
        parser.parse_args(line.split())


def test_the_help_shows_the_default_of_the_command() -> None:
    help_of: dict[str, Any] = {
        name: " ".join(make().format_help().split()) for name, make in PARSERS.items()
    }
    assert "sessions before the first forecast (default 504)" in help_of["run"]
    assert "sessions before the first forecast (default 150, or" in help_of["audit"]
    assert "(default 126)" in help_of["grid"] and "(default 40)" in help_of["audit"]
    assert "default ohlcv+indicators" in help_of["grid"]


def test_the_table_of_the_readme_names_no_flag_that_does_not_exist() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = [line for line in readme.splitlines() if line.startswith("| ")]
    named = {flag for row in rows for flag in re.findall(r"--[a-z][a-z-]*", row)}
    assert len(named) > 30, "the table is found"
    assert named <= flags_of_parser(run.make_parser())


@pytest.mark.parametrize("command", [*sorted(PARSERS), "list"])
def test_the_help_of_each_command_imports_nothing_heavy(command: str) -> None:
    code = (
        f"import sys; from backtests.{command} import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'pandas', 'torch', 'backtrader', 'quantstats', 'matplotlib', 'rich'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, cwd=ROOT)


def test_numbers_are_written_in_the_digits_0_to_9(capsys: pytest.CaptureFixture[str]) -> None:
    for flag, text in (
        ("--epochs", "1_000"), ("--epochs", "\uff11\uff10"), ("--seeds", "\u0663"), ("--epochs", "1e9"),
        ("--threshold", "0_1.5"), ("--cash", "\u0661"), ("--jobs", "0x10"), ("--seed", "true"),
    ):  # fmt: skip
        with pytest.raises(SystemExit) as ended:
            run.make_parser().parse_args(["--ticker", "A.KS", flag, text])
        assert ended.value.code == 2
        message = capsys.readouterr().err
        assert flag in message and f"'{text}' is no" in message


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ("--seed 12345678901234567890", "at most 1,000,000,000,000,000"),
        ("--seeds 1000000000", "at most 10,000"),
        ("--epochs 1000000000", "at most 1,000,000"),
        ("--jobs 1000000", "at most 1,024"),
        ("--batch-size 4294967328", "at most 2,147,483,647"),
        ("--lookback 2147483648", "at most 2,147,483,647"),
        ("--threshold nan", "finite"),
        ("--cash inf", "finite"),
        ("--cash -1", "above 0"),
        ("--horizon 0", "at least 1"),
    ],
)
def test_a_number_without_meaning_is_refused_with_its_range(
    capsys: pytest.CaptureFixture[str], flags: str, words: str
) -> None:
    assert run.main(["--ticker", "A.KS", *flags.split()]) == 2
    message = capsys.readouterr().err
    name, value = flags.split()
    assert name in message and value in message and words in message


def test_of_a_flag_that_is_given_twice_the_last_counts_and_that_is_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    parser = run.make_parser()
    flags = parser.parse_args(
        "--ticker A B --epochs 1 --epochs 2 --ticker C --seed 3 --seed 3".split()
    )
    assert (flags.epochs, flags.ticker, flags.seed) == (2, ["C"], 3)
    first, second = capsys.readouterr().err.splitlines()
    assert "--epochs is given more than once: 2 counts, 1 does not" in first
    assert "--ticker is given more than once: C counts, A B does not" in second
    assert "write --ticker once" in second


def test_a_key_with_a_hyphen_and_with_an_underscore_is_the_same_key(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "run.toml"
    file.write_text('ticker = "A.KS"\ntrain-size = 100\ntrain_size = 200\n')
    assert run.main(["--config", str(file)]) == 2
    assert "train_size stands there twice" in capsys.readouterr().err
