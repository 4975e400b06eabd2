"""How often each word of the verdict comes where there is a small true edge: `python -m benchmarks.power`.

Returns follow a first-order autoregression, and the forecast knows its coefficient: the expected next
return. The direction rule trades it, at the closes and without costs, and with those of the Korea
Exchange, which it weighs. Forecaster and rule stand alone on their page, so that no p value is adjusted.
A coefficient of 0 is a forecast that knows nothing and moves as much as that of 0.1.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import product

import numpy as np

from backtests.judging.skill import Judged
from backtests.judging.verdict import (
    BETTER,
    CANNOT_SAY,
    IDLE,
    SAME,
    TIMED,
    UNTIMED,
    WORSE,
    forecast_verdict,
)
from backtests.statistics.diebold_mariano import diebold_mariano
from backtests.statistics.outcome import Outcome
from backtests.statistics.power import chance_of_better, chance_of_timing
from backtests.statistics.sign_test import sign_test
from benchmarks.noise import DAILY, ROUND_TRIP, held, p_values, walks, words

DAYS, EDGES = (722, 1500), (0.0, 0.05, 0.1, 0.2)
#: Sessions of a fold, as in a run.
STEP = 126
OF_FORECASTER = (BETTER, SAME, WORSE)
OF_RULE = (TIMED, UNTIMED, CANNOT_SAY, IDLE)
MARKETS = {"normal": False, "GARCH, fat tails": True}


def word_of(realised: np.ndarray, forecast: np.ndarray) -> str:
    """Return the word on one forecaster that stands alone on its page; both are [days]."""
    loss, naive = np.abs(realised - forecast), np.abs(realised)
    absolute = diebold_mariano(loss, naive)
    gains = np.add.reduceat(naive - loss, np.arange(0, naive.size, STEP))
    unused = Outcome(None, None, 0, "not part of the verdict")
    judged = Judged(
        "oracle",
        absolute,
        absolute,
        clark_west=unused,
        folds=sign_test(gains),
        direction=unused,
        p_better=absolute.p_better,
        p_worse=absolute.p_worse,
    )
    return forecast_verdict(judged, variants=1).word


def shares(said: list[str], of: tuple[str, ...]) -> list[str]:
    """Return the share of each word."""
    counted = Counter(said)
    return [f"{counted[word] / len(said):.1%}" for word in of]


def row(cell: tuple[str, int, float], series: int, seed: int) -> list[list[str]]:
    """Return the cells of one market, number of days and edge: of the forecaster, and of the rule."""
    market, days, edge = cell
    returns = walks(series, days, seed, memory=edge, clustered=MARKETS[market])
    forecast = edge * returns
    if not edge:
        forecast = 0.1 * DAILY * np.random.default_rng([seed, 4]).standard_normal(returns.shape)
    forecast, judged = forecast[-days - 1 : -1], returns[-days:]
    said = [word_of(y, f) for y, f in zip(judged.T, forecast.T, strict=True)]
    rule = []
    for round_trip in (0.0, ROUND_TRIP):
        exposure = held(forecast, round_trip)
        rule += shares(words(exposure, p_values(exposure, judged, round_trip)), OF_RULE)
    formulas = (
        [f"{chance(days, edge):.1%}" for chance in (chance_of_better, chance_of_timing)]
        if edge
        else ["–"] * 2
    )
    head = [market, f"{days:,}", f"{edge:g}"]
    return [[*head, *shares(said, OF_FORECASTER), formulas[0]], [*head, *rule, formulas[1]]]


def lines(rows: list[list[list[str]]]) -> Iterator[str]:
    """Return the two tables."""
    head = ["returns", "days", "AR"]
    costs = [f"{word}, with costs" for word in OF_RULE]
    for i, names in enumerate(
        ([*OF_FORECASTER, "better, closed form"], [*OF_RULE, *costs, f"{TIMED}, closed form"])
    ):
        heads = [*head, *names]
        yield f"| {' | '.join(heads)} |\n|{' --- |' * len(heads)}"
        yield from (f"| {' | '.join(both[i])} |" for both in rows)
        yield ""


def main() -> None:
    """Judge the series and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--series", type=int, default=2000)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    flags = parser.parse_args()
    began, rows = time.perf_counter(), []
    cells = list(product(MARKETS, DAYS, EDGES))
    with ProcessPoolExecutor(flags.jobs) as pool:
        work = partial(row, series=flags.series, seed=flags.first_seed)
        for done, both in enumerate(pool.map(work, cells), start=1):
            rows.append(both)
            print(f"{done} of {len(cells)}: {', '.join(both[0])}", file=sys.stderr, flush=True)
    print("\n".join(lines(rows)))
    print(f"{time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
