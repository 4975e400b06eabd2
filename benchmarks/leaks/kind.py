"""A planted forecaster or rule as the text of its file.

Each file is made of a frame and the few lines that differ. `CLOSES` is what the author of a leak
downloaded: the closes of the very bars that are audited, later days included.
"""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import dedent, indent

FORECASTER = '''"""{title}."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from forecasters.base import Forecaster

CLOSES = {closes!r}
DAYS = list(CLOSES)
PRICES = np.array(list(CLOSES.values()), dtype=float)
NEXT = dict(zip(DAYS, np.diff(np.log(PRICES)))) if DAYS else {{}}
{top}

@dataclass(kw_only=True)
class Planted(Forecaster):
    lookback: int = 6
    target: str = "return"
    scaler: str = "none"
    stochastic: ClassVar[bool] = False
{settings}
    def fit(self, windows, validation, rng):
        self.mean_ = windows.y.mean()
{fit}
        return self

    def plain(self, windows):
        log = np.log(windows.X[:, :, 3])
        return self.mean_ - 0.1 * (log[:, -1] - log[:, -2])

    def later(self, windows):
        log = np.log(windows.last_close)
        return np.diff(log, append=log[-1:])

    def predict(self, windows):
{predict}
'''

RULE = '''"""{title}."""

from dataclasses import dataclass
from typing import ClassVar

from strategies.rule import HOLD, Rule, Side, Signal

CLOSES = {closes!r}
DAYS = list(CLOSES)
{top}

@dataclass(frozen=True)
class Planted(Rule):
    def decide(self, situation):
        up = situation.forecast > situation.close
{decide}
        if situation.holding:
            return HOLD if up else Signal(Side.SELL)
        return Signal(Side.BUY) if up else HOLD

    def reading(self):
        return "In while it expects a rise."
'''


@dataclass(frozen=True)
class Kind:
    """One planted forecaster or rule.

    Attributes
    ----------
    name : str
        The row of the table.
    top, settings, fit, predict, decide : str
        The lines that differ; a rule has `decide`, a forecaster `predict`.
    plant : str
        A function of `plants.py` that puts files beside it.
    values : str
        Settings after the name on the command line; ``{folder}`` is the folder of the file.
    ours : str
        A forecaster or rule of the product, audited by its name.
    honest : bool
        Nothing may be found.
    """

    name: str
    top: str = ""
    settings: str = ""
    fit: str = ""
    predict: str = ""
    decide: str = ""
    plant: str = ""
    values: str = ""
    ours: str = ""
    honest: bool = False
    rule: bool = False

    def source(self, closes: dict[str, float]) -> str:
        """Return the text of the file."""

        def lines(text: str, by: int) -> str:
            return indent(dedent(text).strip("\n"), " " * by)

        known = {} if self.honest else closes
        if self.rule:
            return RULE.format(
                title=self.name,
                closes=known,
                top=dedent(self.top),
                decide=lines(self.decide or "pass", 8),
            )
        return FORECASTER.format(
            title=self.name,
            closes=known,
            top=dedent(self.top),
            settings=lines(self.settings, 4),
            fit=lines(self.fit or "pass", 8),
            predict=lines(self.predict, 8),
        )
