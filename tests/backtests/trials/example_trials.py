"""Trials of one account, the run that remembers them, and a ledger that somebody rewrites."""

import datetime

from backtests.runs.manifest import write_manifest
from backtests.trials.ledger import remember
from backtests.trials.trial import Scope, Trial, trial_key

HERE = Scope(("051900.KS",), "2017-01-02", "2019-12-30")
DAY = datetime.date(2026, 3, 2)


def make_trials(n, scope=HERE, first=0):
    """Return n trials; every third never moved."""
    return [
        Trial(trial_key(rule=i), scope, None if i % 3 == 0 else 0.01 * i, "run")
        for i in range(first, first + n)
    ]


def finish(out, name, *counted):
    """Write the manifest of a finished run that remembers the ledger."""
    (out / name).mkdir()
    write_manifest(
        out / name / "manifest.json",
        {"schema": 1, "key": name, "trials": remember(counted), "config": {"trials": 3}},
    )


def rewrite(path, change):
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(change(lines)))
