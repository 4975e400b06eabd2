"""What is planted: kinds of leaks in forecasters, and with the rules and the honest ones all kinds."""

from __future__ import annotations

from benchmarks.leaks.honest import HONEST
from benchmarks.leaks.kind import Kind
from benchmarks.leaks.rules import RULES

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

KINDS = (*TABLES, *DOORS, *STATE, *BATCHES, *HIDDEN, *RULES, *HONEST)
