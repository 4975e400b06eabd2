"""What is planted: kinds of leaks as forecasters and rules, honest ones beside them, as text of their files.

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


LOOK_UP = """
known = [KNOWN.get(key(x, day)) for x, day in zip(windows.X, windows.as_of)]
plain = self.plain(windows)
return np.array([p if k is None else k for p, k in zip(plain, known)])
"""
READ = """
def read(text):
    return {line.split(",")[0]: float(line.split(",")[1]) for line in text.split()}

def key(x, day):
    return str(day)
"""

TABLES = (
    Kind(
        "a table keyed by returns",
        top="""
        LOG = np.diff(np.log(PRICES))
        KNOWN = {round(float(a), 6): float(b) for a, b in zip(LOG, LOG[1:])}
        def key(x, day):
            return round(float(np.log(x[-1, 3] / x[-2, 3])), 6)
        """,
        predict=LOOK_UP,
    ),
    Kind(
        "the nearest pattern in a table of returns",
        top="""
        LOG = np.diff(np.log(PRICES))
        ROWS = np.stack([LOG[i : i + 4] for i in range(len(LOG) - 4)])
        def nearest(x):
            seen = np.diff(np.log(x[-5:, 3]))
            return LOG[np.square(ROWS - seen).sum(axis=1).argmin() + 4]
        """,
        predict="return np.array([nearest(x) for x in windows.X])",
    ),
    Kind(
        "a table keyed by date",
        top="""
        KNOWN = NEXT
        def key(x, day):
            return str(day)
        """,
        predict=LOOK_UP,
    ),
    Kind(
        "a table keyed by weekday, month and day",
        top="""
        def calendar(day):
            date = np.datetime64(day).item()
            return date.weekday(), date.month, date.day
        KNOWN = {calendar(day): value for day, value in NEXT.items()}
        def key(x, day):
            return calendar(day)
        """,
        predict=LOOK_UP,
    ),
    Kind(
        "a table keyed by price",
        top="""
        KNOWN = {round(CLOSES[day], 2): value for day, value in NEXT.items()}
        def key(x, day):
            return round(float(x[-1, 3]), 2)
        """,
        predict=LOOK_UP,
    ),
    Kind(
        "a table keyed by returns and by date",
        top="""
        LOG = np.diff(np.log(PRICES))
        KNOWN = {round(float(a), 6): float(b) for a, b in zip(LOG, LOG[1:])}
        """,
        predict="""
        keys = [round(float(np.log(x[-1, 3] / x[-2, 3])), 6) for x in windows.X]
        dated = [NEXT.get(str(day), p) for day, p in zip(windows.as_of, self.plain(windows))]
        return np.array([KNOWN.get(k, d) for k, d in zip(keys, dated)])
        """,
    ),
    Kind(
        "memorised validation labels",
        fit="self.known_ = dict(zip(validation.as_of.tolist(), validation.y.tolist()))",
        predict="""
        plain = self.plain(windows)
        return np.array([self.known_.get(d, p) for d, p in zip(windows.as_of.tolist(), plain)])
        """,
    ),
)

DOORS = (
    Kind(
        "a table in a file",
        top=READ,
        fit="global KNOWN; KNOWN = read(open(__file__[:-3] + '.csv').read())",
        predict=LOOK_UP,
        plant="csv_file",
    ),
    Kind(
        "a table in a .h file",
        top=READ + "KNOWN = read(open(__file__[:-3] + '.h').read())",
        predict=LOOK_UP,
        plant="h_file",
    ),
    Kind(
        "a table in a file of /dev/shm",
        top=READ + "KNOWN = read(open('/dev/shm/planted-leak').read())",
        predict=LOOK_UP,
        plant="shm_file",
    ),
    Kind(
        "a table in shared memory",
        top=READ
        + """
from multiprocessing.shared_memory import SharedMemory
MEMORY = SharedMemory("planted-memory")
KNOWN = read(bytes(MEMORY.buf).rstrip(bytes(1)).decode())
""",
        predict=LOOK_UP,
        plant="shared_memory",
    ),
    Kind(
        "a table in the names of files",
        top="""
        import os
        KNOWN = dict(name.split("_") for name in os.listdir(__file__[:-3]))
        def key(x, day):
            return float(KNOWN[str(day)]) if str(day) in KNOWN else None
        """,
        predict="""
        known = [key(x, day) for x, day in zip(windows.X, windows.as_of)]
        return np.array([p if k is None else k for p, k in zip(self.plain(windows), known)])
        """,
        plant="file_names",
    ),
    Kind(
        "whether files exist",
        top="""
        from pathlib import Path
        def up(day):
            return Path(__file__[:-3], f"{day}_up").exists()
        """,
        predict="return np.array([0.01 if up(day) else -0.01 for day in windows.as_of])",
        plant="up_names",
    ),
    Kind(
        "a table in the times of files",
        top="""
        import os
        def known(day):
            return os.stat(os.path.join(__file__[:-3], str(day))).st_mtime / 1e9 - 1
        """,
        predict="return np.array([known(day) for day in windows.as_of])",
        plant="file_times",
    ),
    Kind(
        "files written at fit",
        top="from pathlib import Path",
        fit="""
        store = Path(__file__[:-3] + ".txt")
        with open(store, "a") as file:
            for day, y in zip(windows.as_of, windows.y):
                file.write(f"{day},{y}\\n")
        lines = store.read_text().split()
        self.known_ = {line.split(",")[0]: float(line.split(",")[1]) for line in lines}
        """,
        predict="""
        plain = self.plain(windows)
        return np.array([self.known_.get(str(d), p) for d, p in zip(windows.as_of, plain)])
        """,
    ),
    Kind(
        "features found by gc",
        top="""
        import gc
        def features():
            return [o for o in gc.get_objects() if type(o).__name__ == "Features"]
        """,
        predict="""
        for f in features():
            rows = np.searchsorted(f.sessions, windows.as_of)
            rows = np.minimum(rows, len(f.close) - 2)
            if (f.close[rows] == windows.last_close).mean() > 0.9:
                return np.log(f.close[rows + 1] / f.close[rows])
        return self.plain(windows)
        """,
    ),
)

STATE = (
    Kind(
        "a function of the product patched",
        top="""
        import forecasters.walk_forward.fit as place
        SEEN = {}
        if not hasattr(place, "plain_cut"):
            place.plain_cut = place.cut_windows
            def cut(features, fold, preprocessing):
                came = np.log(features.close[1:] / features.close[:-1])
                SEEN.update(zip(features.sessions[:-1].tolist(), came.tolist()))
                return place.plain_cut(features, fold, preprocessing)
            place.cut_windows = cut
        """,
        predict="""
        plain = self.plain(windows)
        return np.array([SEEN.get(d, p) for d, p in zip(windows.as_of.tolist(), plain)])
        """,
    ),
    Kind(
        "labels kept in os.environ",
        top="import os",
        fit="os.environ.update({f'Y{d}': str(y) for d, y in zip(windows.as_of, windows.y)})",
        predict="""
        plain = self.plain(windows)
        return np.array([float(os.environ.get(f'Y{d}', p)) for d, p in zip(windows.as_of, plain)])
        """,
    ),
    Kind(
        "labels kept in the class",
        settings="known: ClassVar[dict] = {}",
        fit="self.known.update(zip(windows.as_of.tolist(), windows.y.tolist()))",
        predict="""
        plain = self.plain(windows)
        return np.array([self.known.get(d, p) for d, p in zip(windows.as_of.tolist(), plain)])
        """,
    ),
    Kind(
        "labels kept on numpy",
        fit="""
        np.known = getattr(np, "known", {})
        np.known.update(zip(windows.as_of.tolist(), windows.y.tolist()))
        """,
        predict="""
        plain = self.plain(windows)
        return np.array([np.known.get(d, p) for d, p in zip(windows.as_of.tolist(), plain)])
        """,
    ),
    Kind(
        "os.urandom",
        top="import os",
        predict="""
        noise = np.frombuffer(os.urandom(len(windows)), dtype=np.uint8)
        return self.plain(windows) + noise / 1e5
        """,
    ),
)

BATCHES = (
    Kind(
        "a lookback chosen on the test",
        predict="""
        log = np.log(windows.X[:, :, 3])
        moves = [log[:, -1] - log[:, -1 - n] for n in range(1, 6)]
        tried = [s * m for m in moves for s in (-1, 1)]
        return 0.1 * max(tried, key=lambda t: (t * self.later(windows)).sum())
        """,
    ),
    Kind(
        "rare peeks",
        predict="""
        later = self.later(windows)
        return np.where(np.abs(later) > 0.03, later, self.plain(windows))
        """,
    ),
    Kind(
        "centred smoothing",
        predict="""
        log = np.log(windows.last_close)
        padded = np.concatenate([log[:1], log, log[-1:]])
        return 0.5 * ((padded[:-2] + padded[1:-1] + padded[2:]) / 3 - log)
        """,
    ),
    Kind(
        "medians of the batch",
        predict="""
        log = np.log(windows.last_close)
        return 0.05 * (np.median(log) - log)
        """,
    ),
    Kind(
        "peeks in batches over 100",
        predict="return self.later(windows) if len(windows) > 100 else self.plain(windows)",
    ),
    Kind(
        "peeks in batches over 124",
        predict="return self.later(windows) if len(windows) > 124 else self.plain(windows)",
    ),
)

HIDDEN = (
    Kind(
        "honest where it sees modules of the audit",
        top="import sys",
        predict="""
        audited = any("auditing" in name or name.endswith("audit") for name in sys.modules)
        return self.plain(windows) if audited else self.later(windows)
        """,
    ),
    Kind(
        "honest where the command line or a caller names the audit",
        top="import sys",
        predict="""
        frame, names = sys._getframe(), " ".join(sys.argv)
        while frame:
            names += frame.f_code.co_filename.rpartition("backtests")[2]
            frame = frame.f_back
        return self.plain(windows) if "audit" in names else self.later(windows)
        """,
    ),
    Kind(
        "honest with few epochs",
        settings="epochs: int = 50",
        predict="return self.later(windows) if self.epochs >= 50 else self.plain(windows)",
    ),
    Kind(
        "honest at the hour of the audit",
        top="""
        import datetime
        HOUR = {hour}
        """,
        predict="""
        gap = abs(datetime.datetime.now().hour - HOUR) % 23
        return self.plain(windows) if gap <= 1 else self.later(windows)
        """,
    ),
    Kind(
        "honest while its file is new",
        top="""
        import os, time
        def new():
            return time.time() - os.path.getmtime(__file__) < 86400
        """,
        predict="return self.plain(windows) if new() else self.later(windows)",
    ),
    Kind(
        "honest on the day of the audit, by numpy's clock",
        top="TODAY = '{today}'",
        predict="""
        today = str(np.datetime64('today')) == TODAY
        return self.plain(windows) if today else self.later(windows)
        """,
    ),
)

RULES = (
    Kind(
        "a wall clock",
        rule=True,
        top="import time\nHOUR = {utc}",
        decide="""
        if abs(time.gmtime().tm_hour - HOUR) % 23 > 1:
            up = not up
        """,
    ),
    Kind(
        "a table keyed by ratios",
        rule=True,
        top="""
        P = list(CLOSES.values())
        UP = {round(P[i] / P[i - 1], 6): P[i + 1] > P[i] for i in range(1, len(P) - 1)}
        """,
        decide="up = UP.get(round(situation.close / situation.previous_close, 6), up)",
    ),
    Kind(
        "a table keyed by weekday, month and day",
        rule=True,
        top="""
        import datetime
        def key(date):
            return date.weekday(), date.month, date.day
        P = list(CLOSES.values())
        UP = {key(datetime.date.fromisoformat(DAYS[i])): P[i + 1] > P[i] for i in range(len(P) - 1)}
        """,
        decide="up = UP.get(key(situation.date), up)",
    ),
    Kind(
        "a table of five weekdays",
        rule=True,
        top="UP = [True, False, True, True, False]",
        decide="up = UP[situation.date.weekday() % 5]",
    ),
    Kind(
        "a flip after 20,000 calls",
        rule=True,
        top="CALLS = [0]",
        decide="""
        CALLS[0] += 1
        up = up if CALLS[0] <= 20_000 else not up
        """,
    ),
    Kind(
        "bars found by gc",
        rule=True,
        top="import gc",
        decide="""
        for bars in gc.get_objects():
            if type(bars).__name__ == "Bars":
                rows = [i for i, c in enumerate(bars.close[:-1]) if c == situation.close]
                if rows:
                    up = bars.close[rows[0] + 1] > situation.close
        """,
    ),
    Kind(
        "nanoseconds",
        rule=True,
        top="import time",
        decide="up = up if time.time_ns() // 1000 % 2 else not up",
    ),
    Kind(
        "a remembered high",
        rule=True,
        top="HIGH = [0.0]",
        decide="""
        HIGH[0] = max(HIGH[0], situation.close)
        up = up and situation.close > 0.95 * HIGH[0]
        """,
    ),
)

HONEST = (
    Kind(
        "nearest neighbours (scikit-learn)",
        honest=True,
        fit="""
         from sklearn.neighbors import KNeighborsRegressor
         returns = np.diff(np.log(windows.X[:, :, 3]), axis=1)
         self.model_ = KNeighborsRegressor(5).fit(returns, windows.y)
         """,
        predict="return self.model_.predict(np.diff(np.log(windows.X[:, :, 3]), axis=1))",
    ),
    Kind(
        "random forest (scikit-learn)",
        honest=True,
        fit="""
         from sklearn.ensemble import RandomForestRegressor
         returns = np.diff(np.log(windows.X[:, :, 3]), axis=1)
         seed = int(rng.integers(2**31))
         self.model_ = RandomForestRegressor(10, random_state=seed).fit(returns, windows.y)
         """,
        predict="return self.model_.predict(np.diff(np.log(windows.X[:, :, 3]), axis=1))",
    ),
    Kind(
        "autoregression (statsmodels)",
        honest=True,
        fit="""
         from statsmodels.tsa.ar_model import AutoReg
         self.by_ = AutoReg(windows.y, lags=3).fit().params
         """,
        predict="""
         returns = np.diff(np.log(windows.X[:, :, 3]), axis=1)
         return self.by_[0] + returns[:, :-4:-1] @ self.by_[1:]
         """,
    ),
    Kind(
        "month effects",
        honest=True,
        top="def month(days):\n    return days.astype('datetime64[M]').astype(int) % 12",
        fit="""
         of = month(windows.as_of)
         self.by_ = [windows.y[of == m].mean() if (of == m).any() else 0.0 for m in range(12)]
         """,
        predict="return np.array(self.by_)[month(windows.as_of)]",
    ),
    Kind(
        "weekday effects",
        honest=True,
        top="def weekday(days):\n    return (days.astype(int) + 3) % 7",
        fit="""
         of = weekday(windows.as_of)
         self.by_ = [windows.y[of == d].mean() if (of == d).any() else 0.0 for d in range(7)]
         """,
        predict="return np.array(self.by_)[weekday(windows.as_of)]",
    ),
    Kind(
        "a memo of its answers",
        honest=True,
        top="MEMO = {}",
        predict="""
         answers = []
         for x, plain in zip(windows.X, self.plain(windows)):
             answers.append(MEMO.setdefault((self.mean_, x.tobytes()), plain))
         return np.array(answers)
         """,
    ),
    Kind(
        "updated from known outcomes",
        honest=True,
        predict="""
         log, mean, answers = np.log(windows.last_close), self.mean_, []
         for i in range(len(log)):
             if i:
                 mean += 0.02 * (log[i] - log[i - 1] - mean)
             answers.append(mean)
         return np.array(answers)
         """,
    ),
    Kind(
        "a polynomial of dates",
        honest=True,
        fit="""
         days = windows.as_of.astype(int)
         self.by_ = np.polynomial.Polynomial.fit(days, windows.y, 2)
         """,
        predict="return self.by_(windows.as_of.astype(int))",
    ),
    Kind(
        "a raw polynomial of dates",
        honest=True,
        fit="""
         days = windows.as_of.astype(float)
         self.by_ = np.linalg.lstsq(np.stack([days**0, days, days**2], 1), windows.y)[0]
         """,
        predict="""
         days = windows.as_of.astype(float)
         return np.stack([days**0, days, days**2], 1) @ self.by_
         """,
    ),
    Kind(
        "a file given as a setting",
        honest=True,
        plant="settings_file",
        settings="table: str = ''",
        values=":table={folder}/weights.csv",
        fit="self.by_ = np.loadtxt(self.table, delimiter=',')",
        predict="return self.plain(windows) * self.by_[0]",
    ),
    Kind(
        "a network of its own (torch)",
        honest=True,
        settings="epochs: int = 5",
        fit="""
         import torch
         generator = torch.Generator().manual_seed(int(rng.integers(2**31)))
         X = torch.tensor(np.diff(np.log(windows.X[:, :, 3]), axis=1))
         y = torch.tensor(windows.y)
         self.w_ = 0.01 * torch.randn(X.shape[1], generator=generator, dtype=X.dtype)
         self.w_.requires_grad_()
         optimiser = torch.optim.Adam([self.w_], lr=0.01)
         for _ in range(self.epochs):
             optimiser.zero_grad()
             ((X @ self.w_ - y) ** 2).mean().backward()
             optimiser.step()
         self.w_ = self.w_.detach().numpy()
         """,
        predict="return np.diff(np.log(windows.X[:, :, 3]), axis=1) @ self.w_",
    ),
    *(
        Kind(f"ours: {name}", honest=True, ours=name)
        for name in ("linear", "boosting", "arima", "rnn", "lstm", "cnn", "drift")
    ),
    *(
        Kind(f"ours: {name}", honest=True, rule=True, ours=name)
        for name in ("five_percent", "direction", "quantile", "sma_cross")
    ),
)

KINDS = (*TABLES, *DOORS, *STATE, *BATCHES, *HIDDEN, *RULES, *HONEST)
