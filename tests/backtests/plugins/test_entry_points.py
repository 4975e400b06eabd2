"""Forecaster, rule and source of another installed package: found by name, used, told apart."""

from __future__ import annotations

import importlib.util
import inspect
import json
import os
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from backtests import plugins
from backtests.__main__ import main
from backtests.jobs.saved import load_fit, save_fit
from backtests.sources.simulated import Simulated
from forecasters.errors import InputError
from forecasters.features import make_features
from forecasters.walk_forward import WalkForward

AddToPath = Callable[[Path], None]
Capture = pytest.CaptureFixture[str]
#: Top modules of the packages made here.
MODULES = ("acme", "broken", "clash")

ROOT = Path(__file__).parents[3]

FORECASTER = '''
from dataclasses import dataclass

from torch import nn

from forecasters.neural import NeuralForecaster


class Network(nn.Module):
    """Plain torch, with another forward method."""

    def __init__(self, channels, hidden):
        super().__init__()
        self.gru = nn.GRU(channels, hidden, batch_first=True)
        self.head = nn.Linear(hidden, 1)

    def forward(self, x):
        return self.head(self.gru(x)[0][:, -1])


@dataclass(kw_only=True)
class AcmeGRU(NeuralForecaster):
    """One GRU layer of Acme's."""

    target: str = "return"
    lookback: int = 5
    hidden: int = 4
    epochs: int = 3

    def build(self, channels, lookback):
        return Network(channels, self.hidden)
'''
RULE = '''
from dataclasses import dataclass

from strategies.rule import HOLD, Rule, Side, Signal


@dataclass(frozen=True)
class AcmeBand(Rule):
    """In above a bound, out below it."""

    bound: float = 0.0

    def decide(self, situation):
        above = situation.forecast >= situation.close * (1 + self.bound)
        if above == situation.holding:
            return HOLD
        return Signal(Side.BUY if above else Side.SELL)

    def reading(self):
        return "In above the bound, out below it."
'''
SOURCE = '''
from dataclasses import dataclass, replace

from backtests.sources.simulated import Simulated
from forecasters.bars import Origin


@dataclass(frozen=True)
class AcmeBars:
    """Bars of Acme's desk."""

    def fetch(self, ticker, start, end):
        bars = Simulated().fetch(ticker, start, end)
        return replace(bars, origin=Origin("acme_bars", "Acme", True, "splits"))
'''
FILES = {"acme_gru": FORECASTER, "acme_band": RULE, "acme_bars": SOURCE}
PLAIN = (
    "run --ticker 051900.KS --start 2015-01-01 --end 2017-01-01 --split 70:30 --seeds 2 --json "
    "--tearsheets none"
).split()
#: `backtests` in a separate process, whose charts have no axes: they are half of its time.
COMMAND = """
import sys
from backtests.__main__ import main
from tests.backtests.plain_charts import drawn_plain
with drawn_plain():
    sys.exit(main(sys.argv[1:]))
"""
RUN = [
    *PLAIN,
    *"--forecaster acme_gru --strategy acme_band --source acme_bars".split(),
]


def example() -> str:
    """Return the pyproject.toml that CONTRIBUTING.md shows."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    return text.partition("```toml\n")[2].partition("```")[0]


def install(source: Path, target: Path) -> None:
    """Install a package by pip, without a network, into a folder that PYTHONPATH can name."""
    for needed in ("pip", "setuptools"):
        if importlib.util.find_spec(needed) is None:
            pytest.skip(f"{needed} is not installed: no package can be built here")
    flags = "install --quiet --no-deps --no-index --no-build-isolation --disable-pip-version-check"
    subprocess.run(
        [sys.executable, "-m", "pip", *flags.split(), "--target", str(target), str(source)],
        check=True,
        capture_output=True,
        text=True,
    )


def write_metadata(target: Path, package: str, entry_points: str) -> None:
    """Write what an installation leaves of a package, for entry points that no build would make."""
    folder = target / f"{package.replace('-', '_')}-1.0.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    (folder / "entry_points.txt").write_text(entry_points)


def backtests(target: Path, *flags: object) -> subprocess.CompletedProcess[str]:
    """Return how a command ended, called in another folder with the packages of `target` beside."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(target), str(ROOT)])}
    return subprocess.run(
        [sys.executable, "-c", COMMAND, *map(str, flags)],
        cwd=target.parent,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def run(target: Path, *flags: object) -> dict[str, Any]:
    done = backtests(target, *RUN, *flags)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.fixture
def add_to_path(monkeypatch: pytest.MonkeyPatch) -> Iterator[AddToPath]:
    """Return what puts a folder of packages on this process's path for the time of a test."""
    before = set(sys.modules)
    yield monkeypatch.syspath_prepend
    for name in set(sys.modules) - before:
        if name.partition(".")[0] in MODULES:
            del sys.modules[name]


def listed_plugins(capsys: Capture, what: str) -> tuple[dict[str, str], str]:
    """Return the lines of `backtests list` by their first word, and what went to stderr."""
    assert main(["list", what]) == 0
    out, err = capsys.readouterr()
    return {line.split()[0]: line for line in out.splitlines()}, err


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder into which the package of CONTRIBUTING.md was installed."""
    base = tmp_path_factory.mktemp("acme")
    (base / "source" / "acme").mkdir(parents=True)
    (base / "source" / "pyproject.toml").write_text(example())
    (base / "source" / "acme" / "__init__.py").touch()
    for name, text in FILES.items():
        (base / "source" / "acme" / f"{name}.py").write_text(text)
    install(base / "source", base / "site")
    return base / "site"


@pytest.fixture(scope="module")
def finished(installed: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what one run with the three plugins printed, and its manifest."""
    printed = run(installed, "--jobs", 1, "--out", installed.parent / "one")
    manifest = json.loads(Path(str(printed["folder"]), "manifest.json").read_text())
    return printed, manifest


@pytest.mark.parametrize(
    ("what", "name", "words"),
    [
        ("forecasters", "acme_gru", "One GRU layer of Acme's. [lookback=5, target=return"),
        ("strategies", "acme_band", "In above a bound, out below it. [bound=0.0]"),
        ("sources", "acme_bars", "Bars of Acme's desk."),
        # Three gates of 4 on 5 inputs and two biases, the unit; five steps of 3 x 4 x (5 + 4).
        ("networks", "acme_gru", f"{3 * 4 * (5 + 4 + 2) + 5} parameters"),
        ("networks", "acme_gru", f"{2 * (5 * 3 * 4 * 9 + 4):,} FLOP"),
    ],
)
def test_each_is_listed_among_ours(
    installed: Path, capsys: Capture, add_to_path: AddToPath, what: str, name: str, words: str
) -> None:
    add_to_path(installed)
    lines, err = listed_plugins(capsys, what)
    assert words in lines[name] and err == ""
    assert len(lines) > 2


def test_each_is_used_and_stands_in_the_manifest_with_its_code(
    finished: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    printed, manifest = finished
    rows = {(row["forecaster"], row["strategy"]): row for row in printed["summary"]}
    assert rows["acme_gru", "acme_band"]["trades"] > 0
    assert manifest["data"][0]["source"] == "acme_bars"
    entries = {
        "forecaster:acme/AcmeGRU": manifest["forecasters"]["acme_gru"],
        "strategy:acme/AcmeBand": manifest["strategies"]["acme_band"],
        "source:acme/AcmeBars": manifest["source"],
    }
    assert {entry["class"] for entry in entries.values()} == set(entries)
    assert all(len(entry["code"]) == 64 for entry in entries.values())
    assert manifest["forecasters"]["naive"]["code"] is None


@pytest.mark.slow
def test_two_processes_give_what_one_gives(
    installed: Path, finished: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    printed, _ = finished
    again = run(installed, "--jobs", 2, "--out", installed.parent / "two")
    assert again["found"] is False
    assert (again["key"], again["digest"]) == (printed["key"], printed["digest"])


@pytest.mark.slow
def test_a_line_that_changed_in_the_package_is_another_run(
    installed: Path, tmp_path: Path, finished: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    shutil.copytree(installed, tmp_path / "site", ignore=shutil.ignore_patterns("__pycache__"))
    with (tmp_path / "site" / "acme" / "acme_bars.py").open("a") as changed:
        changed.write("# without effect\n")
    again = run(tmp_path / "site", "--jobs", 1, "--out", tmp_path / "runs")
    assert again["key"] != finished[0]["key"]
    assert again["digest"] == finished[0]["digest"]


@pytest.mark.parametrize("init", [True, False])
def test_the_code_of_a_plugin_is_its_whole_package(
    installed: Path, tmp_path: Path, add_to_path: AddToPath, init: bool
) -> None:
    """Its weights too, and also where there is no `__init__.py`: such a package has no file."""
    site = tmp_path / "site"
    shutil.copytree(installed, site, ignore=shutil.ignore_patterns("__pycache__"))
    if not init:
        (site / "acme" / "__init__.py").unlink()
    add_to_path(site)
    rule = plugins.load(plugins.STRATEGIES, plugins.parse("acme_band"))
    assert Path(inspect.getfile(rule)).is_relative_to(site)
    found = [plugins.provenance(rule)]
    for file in ("acme_gru.py", "weights.json", "deeper/notes.txt"):
        (site / "acme" / file).parent.mkdir(exist_ok=True)
        with (site / "acme" / file).open("a") as changed:
            changed.write("\n")
        found.append(plugins.provenance(rule))
    (site / "acme" / "__pycache__").mkdir(exist_ok=True)
    (site / "acme" / "__pycache__" / "left.pyc").write_text("by Python")
    assert plugins.provenance(rule) == found[-1]
    assert len(set(found)) == 4 and None not in found


def test_a_saved_fit_of_a_plugin_is_read_without_its_class(
    installed: Path, tmp_path: Path, add_to_path: AddToPath
) -> None:
    """Also where its module has another name than its entry point."""
    site = tmp_path / "site"
    shutil.copytree(installed, site, ignore=shutil.ignore_patterns("__pycache__"))
    (site / "acme" / "acme_gru.py").rename(site / "acme" / "networks.py")
    (points,) = site.glob("*.dist-info/entry_points.txt")
    points.write_text(points.read_text().replace("acme.acme_gru:", "acme.networks:"))
    add_to_path(site)
    forecaster = plugins.make(plugins.FORECASTERS, plugins.parse("acme_gru:epochs=1"))
    bars = Simulated().fetch("051900.KS", "2015-01-01", "2016-06-01")
    fit = WalkForward(train_size=200).fits(forecaster, make_features(bars, "ohlcv", 1))[0]
    path = save_fit(tmp_path / "fit.safetensors", fit, fit.learn()[1], "ohlcv")
    saved = load_fit(path)
    assert saved.about["forecaster"] == "acme/AcmeGRU"
    assert type(saved.forecaster) is type(forecaster)
    points.write_text("")
    add_to_path(site)
    with pytest.raises(InputError, match="no installed package offers the forecaster 'acme/AcmeG"):
        load_fit(path)


# --- packages that fail ---------------------------------------------------------------------------


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Return an empty folder for packages."""
    folder = tmp_path / "site"
    folder.mkdir()
    return folder


def install_module(
    site: Path, package: str, module: str, text: str, point: str, group: str
) -> None:
    """Install a package of one module with one entry point."""
    (site / f"{module}.py").write_text(text)
    write_metadata(site, package, f"[backtests.{group}]\n{point}\n")


@pytest.mark.parametrize(
    ("group", "flag", "ours"),
    [
        ("forecasters", "--forecaster", "naive"),
        ("strategies", "--strategy", "five_percent"),
        ("sources", "--source", "yahoo"),
    ],
)
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("import no_such_module\n", "failed to import: ModuleNotFoundError: No module named"),
        ("raise RuntimeError('no licence')\n", "failed to import: RuntimeError: no licence"),
        ("x = 1\n", "failed to import: AttributeError"),
        ("class A:\n    pass\n", "which is no"),
        ("A = 3\n", "is 3, which is no"),
    ],
    ids=["import", "raise", "missing", "class", "value"],
)
def test_an_entry_point_that_fails_names_its_package_and_hides_no_other(
    site: Path, capsys: Capture, add_to_path: AddToPath, group: str, flag: str, ours: str, text: str, words: str
) -> None:  # fmt: skip
    install_module(site, "acme-broken", "broken", text, "theirs = broken:A", group)
    add_to_path(site)
    code = main([*PLAIN, "--source", "simulated", "--out", str(site / "runs"), flag, "theirs"])
    err = capsys.readouterr().err
    assert code == 2
    assert "'theirs' of the package acme-broken" in err and words in err
    assert "Traceback" not in err and "fault of ours" not in err

    lines, _ = listed_plugins(capsys, group)
    assert "cannot be used" in lines["theirs"] and "acme-broken" in lines["theirs"]
    assert ours in lines


@pytest.mark.slow
def test_ours_wins_over_a_package_with_the_same_name_and_it_is_said(
    site: Path, capsys: Capture, add_to_path: AddToPath
) -> None:
    install_module(site, "acme-clash", "clash", FORECASTER, "gru = clash:AcmeGRU", "forecasters")
    ran = backtests(
        *(site, *PLAIN, "--source", "simulated", "--forecaster", "gru:epochs=1,hidden=2"),
        *("--jobs", 1, "--out", site.parent / "runs"),
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr.count("WARNING: the forecaster 'gru' is ours") == 1
    assert "acme-clash" in ran.stderr
    manifest = json.loads(Path(json.loads(ran.stdout)["folder"], "manifest.json").read_text())
    entry = manifest["forecasters"]["gru:epochs=1,hidden=2"]
    assert (entry["class"], entry["code"]) == ("forecaster:gru", None)

    add_to_path(site)
    with warnings.catch_warnings():
        warnings.simplefilter("default")  # as outside of the tests
        lines, err = listed_plugins(capsys, "forecasters")
    assert "Acme" not in lines["gru"]
    assert "WARNING: the forecaster 'gru' is ours" in err and "acme-clash" in err


def test_two_packages_with_one_name_are_refused(
    site: Path, capsys: Capture, add_to_path: AddToPath
) -> None:
    for package in ("acme-two", "acme-one"):
        install_module(site, package, "clash", FORECASTER, "theirs = clash:AcmeGRU", "forecasters")
    add_to_path(site)
    assert main([*PLAIN, "--forecaster", "theirs", "--out", str(site / "runs")]) == 2
    said = capsys.readouterr().err
    assert "the packages acme-one and acme-two both offer a forecaster 'theirs'" in said


@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 2])
def test_an_error_inside_a_package_is_not_called_a_fault_of_ours(site: Path, jobs: int) -> None:
    text = FORECASTER.replace("return self.head(", "1 / 0\n        return self.head(")
    install_module(site, "acme-late", "late", text, "theirs = late:AcmeGRU", "forecasters")
    flags = ["--source", "simulated", "--forecaster", "theirs"]
    done = backtests(site, *PLAIN, *flags, "--jobs", jobs, "--out", site.parent / "runs")
    assert done.returncode == 2, done.stderr
    assert "ZeroDivisionError" in done.stderr  # with its traceback: the author needs the line
    assert "arose in the installed package 'late'" in done.stderr
    assert "fault of ours" not in done.stderr
