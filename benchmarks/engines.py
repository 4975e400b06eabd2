"""The native engine against torch, fit by fit: `python benchmarks/engines.py`.

Whole fits (windows, training, forecasts) on simulated bars, one thread each, interleaved: in every
round each forecaster is fitted by both engines, one right after the other, and the result is the
median of the rounds' ratios. Both are warmed up before. Quote a ratio together with what it was
measured against: torch here is the tuned loop of this project, not a DataLoader and not Keras.
"""

import argparse
import statistics
import time
from dataclasses import replace

from backtests import plugins
from backtests.sources.simulated import Simulated
from forecasters.engines.native.library import isa
from forecasters.features import make_features
from forecasters.walk_forward import WalkForward

ENGINES = ("torch", "native")


def main() -> None:
    """Time the fits of the forecasters that are named by both engines."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    default = [
        "stacked_lstm",
        "rnn",
        "cnn",
        "cnn:filters=256",
        "cnn:architecture=3",
        "gru",
        "cnn_lstm",
    ]
    parser.add_argument("--forecaster", nargs="+", default=default)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--fold", type=int, default=3, help="number of the fold, oldest 0")
    flags = parser.parse_args()
    features = make_features(Simulated().fetch("051900.KS", "2015-01-01", "2020-01-01"))
    print(f"{'seconds a fit, one thread':<28} {'torch':>8} {isa():>8}   torch / native (range)")
    for text in flags.forecaster:
        named = plugins.parse(text)
        forecaster = plugins.make(plugins.FORECASTERS, named)
        fits = {}
        for engine in ENGINES:
            fit = WalkForward().fits(replace(forecaster, engine=engine), features)[flags.fold]
            replace(fit, forecaster=replace(fit.forecaster, epochs=1)).run()
            fits[engine] = fit
        rounds = [
            {engine: _seconds(fit) for engine, fit in fits.items()} for _ in range(flags.repeat)
        ]
        torch, native = (statistics.median(r[engine] for r in rounds) for engine in ENGINES)
        ratios = sorted(r["torch"] / r["native"] for r in rounds)
        print(
            f"{named.label:<28} {torch:8.2f} {native:8.2f}   {statistics.median(ratios):5.1f} "
            f"({ratios[0]:.1f} to {ratios[-1]:.1f})",
            flush=True,
        )


def _seconds(fit) -> float:
    began = time.perf_counter()
    fit.run()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
