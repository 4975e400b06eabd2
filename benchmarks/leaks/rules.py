"""Rules that know later prices, or keep something between calls."""

from __future__ import annotations

from benchmarks.leaks.kind import Kind

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
