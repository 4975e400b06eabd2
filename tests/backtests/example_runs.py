"""A small run: its flags, and how tests make it."""

import json

from backtests.jobs.store import FitStore
from backtests.run import main

SMALL = (
    "--ticker 051900.KS --source simulated --start 2015-01-01 --end 2018-01-01 "
    "--forecaster rnn:hidden=8,epochs=10,learning_rate=0.01,lookback=5 "
    "rnn:hidden=4,epochs=2,lookback=5,target=return "
    "--seeds 2 --strategy five_percent --tearsheets none --threshold 0.01 --shifts 20"
).split()


def interrupt_after(patch, fits):
    """Let Ctrl-C come when so many fits are kept; return the numbers of those, as they come."""
    real = FitStore.save
    kept = []

    def save(self, number, fitted):
        if len(kept) == fits:
            raise KeyboardInterrupt
        kept.append(number)
        real(self, number, fitted)

    patch.setattr(FitStore, "save", save)
    return kept


def run(capsys, *extra, flags=SMALL):
    code = main([*flags, *map(str, extra), "--json"])
    out = capsys.readouterr().out
    return code, json.loads(out) if out else None
