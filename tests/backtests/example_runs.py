"""A small run: its flags, and how tests make it."""

import contextlib
import io
import json
import signal
import subprocess
import sys

from backtests.jobs.store import FitStore
from backtests.run import main

SMALL = (
    "--ticker 051900.KS --source simulated --start 2015-01-01 --end 2018-01-01 "
    "--forecaster rnn:hidden=8,epochs=10,learning_rate=0.01,lookback=5 "
    "rnn:hidden=4,epochs=2,lookback=5,target=return "
    "--seeds 2 --strategy five_percent --tearsheets none --threshold 0.01 --shifts 20"
).split()

#: A run in less than a second, for what a run does whatever it is of: two folds, a rule without sweep.
TINY = (
    "--ticker 051900.KS --source simulated --start 2015-01-01 --end 2016-06-01 --train-size 200 "
    "--step 100 --forecaster rnn:hidden=2,epochs=2,lookback=5,learning_rate=0.01 --seeds 2 "
    "--strategy direction --tearsheets none --shifts 0 --jobs 1"
).split()


def without(flags, dropped):
    """Return the flags but those that are dropped with their values."""
    at = [i for i, flag in enumerate(flags) if flag in dropped]
    return [flag for i, flag in enumerate(flags) if i not in at and i - 1 not in at]


def interrupt_after(patch, fits):
    """Let Ctrl-C come when so many fits are kept; return those, as they come."""
    real = FitStore.save
    kept = []

    def save(self, fit, fitted, learned):
        if len(kept) == fits:
            raise KeyboardInterrupt
        kept.append(fit)
        real(self, fit, fitted, learned)

    patch.setattr(FitStore, "save", save)
    return kept


def json_of(command, flags):
    """Return what a command printed with --json; for fixtures that live longer than a test.

    The command runs in this process: another one takes seconds for its imports.
    """
    printed, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(errors):
        code = command(flags)
    assert code == 0, errors.getvalue()
    return json.loads(printed.getvalue())


#: A command that waits for a signal after its first kept fit, however fast the fits are.
WAITING = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored below a shell's background job
from backtests.{command} import main
from backtests.jobs.store import FitStore
save = FitStore.save
def save_and_wait(self, *made):
    save(self, *made)
    print("kept", flush=True)
    time.sleep(3600)
FitStore.save = save_and_wait
sys.exit(main(sys.argv[1:]))
"""


def interrupted(command, flags):
    """Send Ctrl-C to a process that has kept one fit; return its exit code and its errors."""
    called = [sys.executable, "-c", WAITING.format(command=command), *flags]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(called, **streams) as process:
        assert process.stdout.readline() == "kept\n"
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=600)
    return process.returncode, errors


def run(capsys, *extra, flags=SMALL):
    code = main([*flags, *map(str, extra), "--json"])
    out = capsys.readouterr().out
    return code, json.loads(out) if out else None
