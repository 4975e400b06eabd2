"""Seconds a fit takes, forecaster by forecaster, on simulated bars: `python benchmarks/fits.py`.

Prints the median and the range of the CPU seconds of whole fits (windows, training, forecasts) on
one thread, interleaved so that a slow moment of the machine affects all in the same way.
"""

import argparse
import statistics
import time

from backtests import plugins
from backtests.sources.simulated import Simulated
from forecasters.features import make_features
from forecasters.walk_forward import WalkForward


def main() -> None:
    """Time the fits of the forecasters that are named."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--forecaster", nargs="+", default=["stacked_lstm", "rnn", "cnn"])
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--fold", type=int, default=3, help="number of the fold, oldest 0")
    flags = parser.parse_args()
    features = make_features(Simulated().fetch("051900.KS", "2015-01-01", "2020-01-01"))
    named = [plugins.parse(text) for text in flags.forecaster]
    fits = {
        n.label: WalkForward().fits(plugins.make(plugins.FORECASTERS, n), features)[flags.fold]
        for n in named
    }
    seconds: dict[str, list[float]] = {label: [] for label in fits}
    for _ in range(flags.repeat):
        for label, fit in fits.items():
            began = time.process_time()
            fit.run()
            seconds[label].append(time.process_time() - began)
    rows = len(next(iter(fits.values())).parts[0].fold.fit)
    print(f"{rows} fit rows, median of {flags.repeat} (least to most), CPU seconds a fit")
    for label, times in seconds.items():
        print(f"{label:<28} {statistics.median(times):6.2f} ({min(times):.2f} to {max(times):.2f})")


if __name__ == "__main__":
    main()
