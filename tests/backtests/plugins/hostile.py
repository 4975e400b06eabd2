"""Hostile forecasters, rules and settings: the code of each, and what its author must read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

HEAD = """
import sys
from dataclasses import dataclass
import numpy as np
import pandas as pd
from forecasters.base import Forecaster
from strategies.rule import HOLD, Rule, Side, Signal
"""

FORECASTER = """
@dataclass(kw_only=True)
class Mine(Forecaster):
    lookback: int = 3
    def fit(self, windows, validation, rng):
        {fit}
        return self
    def predict(self, windows):
        n = len(windows)
        {predict}
"""

NETWORK = """
from forecasters.neural import NeuralForecaster
@dataclass(kw_only=True)
class Mine(NeuralForecaster):
    lookback: int = 3
    epochs: int = 1
    def build(self, channels, lookback):
        import torch
        from torch import nn
        from forecasters.layers import LastStep, SwapAxes
        class Out(nn.Module):
            def __init__(self, change, module=None):
                super().__init__()
                self.inner = module or nn.Linear(channels * lookback, 1)
                self.change = change
            def forward(self, x):
                return self.change(self.inner(x.flatten(1)))
        {build}
"""

RULE = """
class Odd(Exception):
    def __str__(self):
        raise RuntimeError("cannot")
@dataclass(frozen=True)
class Mine(Rule):
    threshold: float = 0.01
    def decide(self, situation):
        {decide}
    def reading(self):
        return "Never."
    {more}
"""


@dataclass(frozen=True)
class Case:
    """A file of a user, and words that the message must hold."""

    name: str
    code: str
    words: tuple[str, ...]


PREDICT = {
    "return None": ("Mine.predict", "None", "return", "finite numbers"),
    "pass": ("Mine.predict", "None", "finite numbers"),
    "return 'up'": ("a str",),
    "return b'up'": ("a bytes",),
    "return 1.0": ("a float",),
    "return {}": ("a dict",),
    "return set()": ("a set",),
    "return iter([])": ("iterator",),
    "return pd.Series(np.zeros(n))": ("a Series", "to_numpy"),
    "return pd.DataFrame({'a': np.zeros(n)})": ("a DataFrame", "to_numpy"),
    "return np.ma.zeros(n)": ("MaskedArray",),
    "import torch; return torch.zeros(n)": ("a Tensor", "numpy()"),
    "return windows": ("a Windows",),
    "return self": ("a Mine",),
    "return Mine": ("predict", "finite numbers"),
    "return ['a'] * n": ("type <U1",),
    "return [None] * n": ("type object",),
    "return [[1], [1, 2]]": ("ragged list",),
    "return [0.0] * (n + 1)": ("shape",),
    "return np.zeros(n - 1)": ("shape",),
    "return np.zeros((n, 1))": ("shape", "[:, 0]"),
    "return np.zeros((1, n))": ("shape",),
    "return np.zeros((n, n))": ("shape",),
    "return np.array(0.0)": ("shape []",),
    "return np.array([])": ("shape [0]",),
    "return np.full(n, np.nan)": ("nan", "window 1 of"),
    "a = np.zeros(n); a[-1] = np.inf; return a": ("inf", "finite"),
    "return np.full(n, -np.inf)": ("-inf",),
    "return np.full(n, 1e300)": ("beyond every price", "1e+300"),
    "return np.full(n, -1e15)": ("beyond every price",),
    "return np.zeros(n, dtype=complex)": ("complex128",),
    "return np.zeros(n, dtype=bool)": ("type bool",),
    "return np.zeros(n, dtype=object)": ("type object",),
    "return np.zeros(n, dtype='U3')": ("type <U3",),
    "return np.zeros(n, dtype='datetime64[D]')": ("datetime64",),
    "return np.zeros(n, dtype=[('a', float)])": ("type",),
    "return 1 / 0": ("ZeroDivisionError", "line", "return 1 / 0"),
    "return {}['close']": ("KeyError", "close"),
    "return open('/no/such/file').read()": ("FileNotFoundError", "in your file"),
    "return self.model_.predict()": ("AttributeError", "model_"),
    "return np.zeros(n) + np.zeros(n + 1)": ("ValueError", "in your file"),
    "return self.predict(windows)": ("RecursionError",),
    "assert n < 0, 'too many'": ("AssertionError", "too many"),
    "raise MemoryError('mine')": ("MemoryError", "in your file"),
    "raise StopIteration": ("StopIteration",),
    "sys.exit(0)": ("sys.exit(0)", "Mine.predict"),
    "sys.exit()": ("sys.exit()",),
    "raise SystemExit('done')": ("sys.exit('done')",),
}
FIT = {
    "return [self]": ("Mine.fit", "list", "return self"),
    "return 'fitted'": ("str", "return self"),
    "return np.zeros(3)": ("ndarray", "return self"),
    "return Mine()": ("Mine.fit", "return self"),
    "return 0": ("int", "return self"),
    "self.train_loss_ = 'low'": ("train_loss_", "str"),
    "self.train_loss_ = [[1.0]]": ("train_loss_", "list"),
    "self.validation_loss_ = [None, 'x']": ("validation_loss_",),
    "self.kept_ = 'last'": ("kept_", "'last'"),
    "self.kept_ = -1": ("kept_", "-1"),
    "self.kept_ = True": ("kept_", "True"),
    "sys.exit(0)": ("sys.exit(0)", "Mine.fit"),
    "sys.exit(3)": ("sys.exit(3)",),
    "windows.X[0] = 0": ("ValueError", "read-only"),
    "windows.y[:] = 0": ("ValueError", "read-only"),
    "raise type('Own', (BaseException,), {})('own')": ("Own", "own"),
    "import no_such_module": ("ModuleNotFoundError", "no_such_module"),
    "validation.X[10**6]": ("IndexError",),
    "raise ValueError('two\\nlines')": ("ValueError", "two"),
}
BUILD = {
    "return None": ("Mine.build", "None", "torch.nn.Module"),
    "pass": ("Mine.build", "return"),
    "return [nn.Linear(1, 1)]": ("a list",),
    "return 'lstm'": ("a str",),
    "return nn.LSTM": ("a type",),
    "return lambda x: x": ("a function",),
    "return nn.Linear(channels, 1).double()": ("float64", "float32"),
    "return nn.Linear(channels, 1).half()": ("float16",),
    "return nn.Linear(channels, 1).to(torch.complex64)": ("complex64",),
    "return nn.Linear(channels, 1, device='meta')": ("device meta", "--device"),
    "return nn.Linear(channels, 1)": ("shape [2, 3, 1]", "[2, 1]"),
    "return nn.Sequential(nn.Flatten(), nn.Linear(channels * lookback, 2))": ("shape [2, 2]",),
    "return nn.Sequential(nn.Flatten(), nn.Linear(channels * lookback, 1), nn.Flatten(0))": (
        "[2]",
    ),
    "return nn.Sequential(nn.Flatten(), nn.Linear(channels * lookback, 0), nn.Linear(0, 1))": (
        "holds no number",
        "size",
    ),
    "return nn.Sequential(nn.LSTM(channels, 0, batch_first=True), LastStep(), nn.Linear(0, 1))": (
        "Mine",
        "0",
    ),
    "return nn.Sequential(SwapAxes(), nn.Conv1d(channels, 0, 2), nn.Flatten(), nn.Linear(0, 1))": (
        "holds no number",
    ),
    "return nn.Sequential(SwapAxes(), nn.Conv1d(channels, 4, 9), nn.Flatten(), nn.Linear(4, 1))": (
        "Kernel size",
        "--lookback",
    ),
    "return nn.Sequential(SwapAxes(), nn.Conv1d(channels, -4, 2), nn.Flatten(), nn.Linear(4, 1))": (
        "in your file",
    ),
    "return nn.Sequential(SwapAxes(), nn.MaxPool1d(9, 1), nn.Flatten(), nn.Linear(4, 1))": (
        "RuntimeError",
    ),
    "return nn.Sequential(nn.Flatten(), nn.Linear(7, 1))": ("shapes", "correct its sizes"),
    "return nn.Sequential(nn.LSTM(channels, 4, batch_first=True), nn.Linear(4, 1))": ("TypeError",),
    "return nn.Sequential(nn.Flatten(), nn.LazyLinear(1))": ("lazy",),
    "return nn.Sequential()": ("shape",),
    "return nn.Identity()": ("shape",),
    "return Out(lambda y: y.detach())": ("no gradient",),
    "return Out(lambda y: y).requires_grad_(False)": ("no gradient",),
    "return Out(lambda y: (y, y))": ("a tuple",),
    "return Out(lambda y: y.double())": ("float64",),
    "return Out(lambda y: None)": ("None",),
    "return Out(lambda y: y.numpy())": ("numpy", "RuntimeError"),
    "return Out(lambda y: 1 / 0)": ("ZeroDivisionError", "line"),
    "return nn.Linear(10**6, 10**6)": ("GiB", "this machine has"),
    "1 / 0": ("ZeroDivisionError", "in your file"),
    "sys.exit(0)": ("sys.exit(0)", "build"),
}
DECIDE = {
    "return None": ("Mine.decide", "None", "Signal"),
    "pass": ("Mine.decide", "return"),
    "return 'buy'": ("'buy'", "Signal"),
    "return True": ("True",),
    "return 1": ("returned 1",),
    "return Side.BUY": ("Side.BUY", "Signal(Side.BUY)"),
    "return (Side.BUY, None)": ("(", "Signal"),
    "return [HOLD]": ("[", "Signal"),
    "return Signal": ("Signal",),
    "return Signal('buy')": ("'buy'",),
    "return Signal(None)": ("side=None",),
    "return Signal(Side.BUY, sell_at=np.nan)": ("nan", "limit price"),
    "return Signal(Side.BUY, sell_at=np.inf)": ("inf",),
    "return Signal(Side.BUY, sell_at=-1.0)": ("-1.0",),
    "return Signal(Side.BUY, sell_at=0)": ("sell_at=0",),
    "return Signal(Side.BUY, sell_at='5%')": ("'5%'",),
    "return Signal(Side.BUY, sell_at=1j)": ("1j",),
    "return Signal(Side.BUY, reason=5)": ("reason=5",),
    "return 1 / 0": ("ZeroDivisionError", "in your file", "line"),
    "raise Odd": ("Odd",),
    "return situation.price": ("AttributeError", "price"),
    "sys.exit(0)": ("sys.exit(0)", "Mine.decide"),
    "object.__setattr__(self, 'threshold', 1); return self.nothing": ("AttributeError",),
}
PROMISES = {
    "memory = -1": ("memory", "-1"),
    "memory = 'long'": ("memory", "'long'"),
    "memory = 2.5": ("memory", "2.5"),
    "fill = 'noon'": ("fill", "'noon'"),
    "needs = lambda self: 'much'": ("needs", "'much'"),
    "needs = lambda self: float('nan')": ("needs", "nan"),
    "needs = lambda self: 1 / 0": ("ZeroDivisionError",),
    "reading = lambda self: None": ("reading", "None"),
    "reading = lambda self: sys.exit(0)": ("sys.exit(0)",),
    "variants = lambda self: None": ("variants", "None"),
    "variants = lambda self: (1, 2)": ("variants", "(1, 2)"),
    "could_buy = lambda self, r: None": ("could_buy", "None"),
    "could_buy = lambda self, r: True": ("could_buy", "True"),
    "could_buy = lambda self, r: [True] * len(r)": ("could_buy", "array of bool"),
    "could_buy = lambda self, r: r": ("could_buy",),
    "could_buy = lambda self, r: np.ones(1, dtype=bool)": ("could_buy",),
}
FILES = {
    "sys.exit(0)": ("failed to import", "sys.exit(0)", "line"),
    "exit": ("no class",),
    "raise SystemExit": ("failed to import", "sys.exit()"),
    "1 / 0": ("failed to import", "ZeroDivisionError", "line"),
    "def f(:": ("failed to import", "SyntaxError"),
    "import no_such_module": ("no_such_module",),
    "x = 1": ("no class",),
    "class A(Forecaster): pass": ("no class",),
    "\0": ("failed to import",),
    "@dataclass(kw_only=True)\nclass Mine(Forecaster):\n    size: 'Unknown' = 1\n"
    "    def fit(self, w, v, r): return self\n    def predict(self, w): return w.y": (
        "types of the settings",
        "Unknown",
    ),
    "@dataclass(kw_only=True)\nclass Mine(Forecaster):\n    grid: object = np.zeros\n"
    "    def fit(self, w, v, r): return self\n    def predict(self, w): return w.y": (
        "grid",
        "manifest",
    ),
    "@dataclass(kw_only=True)\nclass Mine(Forecaster):\n    lookback: int = 2.5\n"
    "    def fit(self, w, v, r): return self\n    def predict(self, w): return w.y": (
        "lookback 2.5",
        "whole number",
    ),
    "@dataclass(kw_only=True)\nclass Mine(Forecaster):\n    lookback: int = True\n"
    "    def fit(self, w, v, r): return self\n    def predict(self, w): return w.y": (
        "lookback True",
    ),
    "@dataclass(kw_only=True)\nclass Mine(Forecaster):\n    needed: int\n"
    "    def fit(self, w, v, r): return self\n    def predict(self, w): return w.y": ("needed",),
    "@dataclass(kw_only=True)\nclass Mine(Forecaster):\n    def cost(self, rows): return 'much'\n"
    "    def fit(self, w, v, r): return self\n    def predict(self, w): return w.y": (
        "cost",
        "'much'",
    ),
}
#: Settings of forecasters: text, words of the message.
FORECASTER_SETTINGS = {
    "rnn:epochs=1,epochs=2": ("epochs", "twice", "1", "2"),
    "rnn:epochs=1,epochs=1": ("twice",),
    "rnn:batch-size=1,batch_size=2": ("batch_size", "twice"),
    "rnn:epochs=1_000": ("'1_000'", "int"),
    "rnn:epochs=\uff11\uff10": ("\uff11\uff10", "int"),
    "rnn:epochs=\u0663": ("\u0663", "int"),
    "rnn:learning_rate=\u0663": ("\u0663", "float"),
    "rnn:learning_rate=1_0.5": ("1_0.5",),
    "rnn:epochs=1e9": ("'1e9'", "int"),
    "rnn:epochs=1000000000": ("1000000000", "at most 1,000,000"),
    "rnn:epochs=true": ("'true'",),
    "rnn:epochs=-1": ("-1", "above 0"),
    "rnn:epochs=0": ("above 0",),
    "rnn:epochs=none": ("'none'",),
    "rnn:epochs=": ("''",),
    "rnn:epochs=0x10": ("'0x10'",),
    f"rnn:epochs={'9' * 5000}": ("int",),
    "rnn:batch_size=2147483648": ("2147483648", "2,147,483,647"),
    "rnn:batch_size=4294967328": ("4294967328", "batch_size"),
    "rnn:batch_size=0": ("above 0",),
    "rnn:lookback=1e30": ("1e30",),
    "rnn:lookback=2147483648": ("lookback 2147483648",),
    "rnn:lookback=100000": ("lookback 100000", "--train-size"),
    "rnn:lookback=0": ("lookback 0",),
    "rnn:hidden=0": ("hidden 0",),
    "rnn:hidden=-5": ("hidden -5",),
    "rnn:hidden=100000": ("GiB", "lower hidden"),
    "rnn:hidden=99999999999": ("hidden 99999999999",),
    "stacked_lstm:layers=0": ("layers 0",),
    "gru:hidden=2000000": ("GiB", "hidden"),
    "cnn:filters=0": ("filters 0",),
    "cnn:filters=-1": ("filters -1",),
    "cnn:filters=1000000": ("GiB", "filters"),
    "cnn:lookback=3": ("lookback 3",),
    "cnn:dropout=1": ("dropout",),
    "cnn:dropout=nan": ("'nan'",),
    "rnn:learning_rate=nan": ("'nan'",),
    "rnn:learning_rate=inf": ("'inf'",),
    "rnn:learning_rate=1e999": ("'1e999'",),
    "rnn:learning_rate=0": ("learning_rate 0",),
    "rnn:learning_rate=-1": ("learning_rate -1",),
    "rnn:patience=0": ("patience 0",),
    "rnn:clip=-1": ("clip",),
    "linear:components=1000000000": ("components 1000000000", "5 inputs"),
    "linear:components=0": ("components 0",),
    "linear:alpha=0": ("alpha",),
    "linear:alpha=nan": ("'nan'",),
    "boosting:trees=0": ("trees",),
    "rnn:pooled=1": ("'1'", "bool"),
    "rnn:=3": ("no setting",),
    "rnn:device=tpu": ("tpu",),
    "~no_such_user/x.py": ("no such file",),
}
RULE_SETTINGS = {
    "five_percent:threshold=nan": ("'nan'",),
    "five_percent:threshold=inf": ("'inf'",),
    "five_percent:threshold=0": ("threshold",),
    "five_percent:threshold=5%": ("'5%'",),
    "five_percent:threshold=\u0660.\u0665": ("float",),
    "five_percent:threshold=0.1,threshold=0.2": ("twice",),
    "five_percent:first_exit=0": ("first_exit",),
    "five_percent:max_hold=1_0": ("1_0",),
    "quantile:memory=1": ("memory",),
    "quantile:q=0": ("q is 0",),
    "rank:k=0": ("k is 0",),
}


def forecasters() -> Iterator[Case]:
    """Return the files of forecasters."""
    for code, words in PREDICT.items():
        text = FORECASTER.format(fit="pass", predict=code)
        yield Case(f"predict: {code}", HEAD + text, words)
    for code, words in FIT.items():
        text = FORECASTER.format(fit=code, predict="return np.zeros(n)")
        yield Case(f"fit: {code}", HEAD + text, words)
    for code, words in FILES.items():
        yield Case(f"file: {code}", f"{HEAD}\n{code}\n", words)


def networks() -> Iterator[Case]:
    """Return the files of networks."""
    for code, words in BUILD.items():
        yield Case(f"build: {code}", HEAD + NETWORK.format(build=code), words)


def rules() -> Iterator[Case]:
    """Return the files of rules."""
    for code, words in DECIDE.items():
        yield Case(f"decide: {code}", HEAD + RULE.format(decide=code, more=""), words)
    for code, words in PROMISES.items():
        yield Case(code, HEAD + RULE.format(decide="return HOLD", more=code), words)
