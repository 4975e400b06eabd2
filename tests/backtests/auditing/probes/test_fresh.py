"""A process of its own: the same numbers, what was opened, and the last line where it fails."""

from pathlib import Path

import pytest

from backtests import plugins
from backtests.auditing.checks.apart import bits
from backtests.auditing.probes.fresh import ChildFailed, run_fresh
from backtests.auditing.subject import Subject
from backtests.sources.simulated import Simulated
from tests.backtests.auditing.planted import PLAN


def test_a_fit_gives_the_same_bits_in_a_new_process_and_opens_nothing(trial_of_file):
    trial = trial_of_file("mean")
    fit = trial.fits(trial.bars)[0]
    fresh = run_fresh((fit,), trial.files)
    assert [bits(fitted) for fitted in fresh.fitted] == [bits(fit.run())]
    assert fresh.opened == ()


def test_what_fails_there_is_raised_here_with_its_last_line(trial_of_file):
    trial = trial_of_file("mean")
    trial.forecaster.lookback = "two"
    fit = trial.fits({"051900.KS": trial.bars["051900.KS"]})[0]
    with pytest.raises(ChildFailed, match="Error: "):
        run_fresh((fit,), trial.files)


def test_a_bare_folder_holds_the_file_its_modules_and_declared_data(tmp_path, monkeypatch):
    """The file beside it that nobody declared is not there."""
    (tmp_path / "beside_it_too.py").write_text("VALUE = 3")
    (tmp_path / "data.csv").write_text("1")
    (tmp_path / "prices.csv").write_text("1")
    path = tmp_path / "looks.py"
    path.write_text(LOOKS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    named = plugins.parse("./looks.py:table=data.csv")
    forecaster = plugins.make(plugins.FORECASTERS, named)
    bars = {"A.KS": Simulated().fetch("A.KS", "2016-01-01", "2016-07-01")}
    fit = Subject(forecaster, PLAN, bars).fits(bars)[0]
    files = ((Path("looks.py"), type(forecaster).__module__),)
    in_place = run_fresh((fit,), files, ("data.csv",))
    bare = run_fresh((fit,), files, ("data.csv",), bare=True)
    assert bits(in_place.fitted[0]) == bits(fit.run())
    assert in_place.fitted[0].centre > bare.fitted[0].centre > 0
    asked = f"it asked whether {tmp_path / 'prices.csv'} exists, or for its time or size"
    assert in_place.opened == (asked,)


LOOKS = """
import os
from dataclasses import dataclass

import beside_it_too
import numpy as np
from forecasters.base import Forecaster


@dataclass(kw_only=True)
class Looks(Forecaster):
    target: str = "return"
    table: str = ""

    def fit(self, windows, validation, rng):
        self.there_ = (beside_it_too.VALUE == 3) + os.path.exists(self.table)
        self.there_ += os.path.exists("prices.csv")
        return self

    def predict(self, windows):
        return np.full(len(windows), self.there_, dtype=float)
"""
