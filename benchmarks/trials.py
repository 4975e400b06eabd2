"""How often somebody who looks often finds something by luck: `python -m benchmarks.trials`.

Two ways to look often, each with both verdicts. *24 ends*: the same forecasts judged on windows that end
a month apart, one command each, the earliest end first. *20 variants*: 20 forecasts without skill on the
same prices, one command each. Each command is judged as it is made, by the looks so far, with the code of
the verdict. Beside it: each page alone, as if there were no ledger; and the page with the lowest p judged
at the end, with everything counted.

Prices: 722 days of a random walk with independent normal returns, and one whose returns follow their
predecessor (AR 0.2), on which the forecaster knows the coefficient: there the share of words is power.
Forecasts on a random walk are noise. As a forecast of noise always has a larger error than naive, its
error stands beside that of another forecast of noise, so that each is better half of the time. The rule
is the direction rule without costs.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np

from backtests.judging.overall import Looked, overall_forecast
from backtests.judging.skill import Judged
from backtests.judging.verdict import BETTER, TIMED, rule_word
from backtests.statistics.diebold_mariano import diebold_mariano
from backtests.statistics.effective import effective_looks
from backtests.statistics.outcome import Outcome
from backtests.statistics.sign_test import sign_test
from backtests.statistics.timing import excess_exposure, positive_gain
from benchmarks.noise import DAILY, NOISE, held, share

DAYS, ENDS, MONTH, VARIANTS, FOLD = 722, 24, 21, 20, 126
MEMORY = 0.2
SESSIONS = np.busday_offset("2017-01-02", np.arange(DAYS)).astype("datetime64[D]")
NONE = Outcome(None, None, 0)


@dataclass(frozen=True)
class Page:
    """One command: its daily series, its p by itself, and its word for what was looked at."""

    daily: np.ndarray
    p: float
    word: Callable[[Looked], bool]


def returns_of(rng: np.random.Generator, memory: float) -> np.ndarray:
    """Return daily returns, [1 + DAYS]; the first is the past of the second."""
    shocks = rng.standard_normal(1 + DAYS)
    for t in range(1, shocks.size):
        shocks[t] = memory * shocks[t - 1] + np.sqrt(1 - memory**2) * shocks[t]
    return DAILY * shocks


def forecast_page(returns: np.ndarray, forecast: np.ndarray, beside: np.ndarray) -> Page:
    """Return the page of a forecaster, by its error beside that of another forecast."""
    loss, base = np.abs(returns - forecast), np.abs(returns - beside)
    comparison = diebold_mariano(loss, base)
    gains = np.add.reduceat(base - loss, np.arange(0, returns.size, FOLD))
    p = comparison.p_better
    judged = Judged(
        "x", comparison, comparison, NONE, sign_test(gains), NONE, p, comparison.p_worse
    )
    return Page(base - loss, p, lambda looked: overall_forecast(judged, 1, looked).word == BETTER)


def timing_page(returns: np.ndarray, forecast: np.ndarray) -> Page:
    """Return the page of the direction rule on a forecast."""
    exposure = held(forecast)
    daily = excess_exposure(exposure) * returns
    p, closed = positive_gain(daily).p, int((np.diff(exposure, prepend=0.0) < 0).sum())

    def word(looked: Looked) -> bool:
        return rule_word(max(closed, 1), closed, looked.adjusted(p, p)) == TIMED

    return Page(daily, 1.0 if p is None else p, word)


def pages_of(seed: int, kind: str, way: str, memory: float) -> list[Page]:
    """Return the pages of one series, in the order in which they are made."""
    rng = np.random.default_rng([seed, 4])
    every = returns_of(rng, memory)
    returns = every[1:]
    known = memory * every[:-1]

    def page(days: int, forecast: np.ndarray, beside: np.ndarray) -> Page:
        if kind == "forecast":
            return forecast_page(returns[:days], forecast[:days], beside[:days])
        return timing_page(returns[:days], forecast[:days])

    noise = NOISE * rng.standard_normal((VARIANTS + 1, DAYS))
    if way == "ends":
        forecast, beside = (known, np.zeros(DAYS)) if memory else (noise[1], noise[0])
        days = [DAYS - MONTH * back for back in range(ENDS)][::-1]
        return [page(n, forecast, beside) for n in days]
    return [page(DAYS, forecast, noise[0]) for forecast in noise[1:]]


def judged(seed: int, kind: str, way: str, memory: float) -> tuple[float, ...]:
    """Return for one series, as 0 or 1: a word on the last page alone; on some page alone; on some page with
    everything so far counted; on the best page with all pages counted. Then what all pages are worth."""
    pages = pages_of(seed, kind, way, memory)
    looks = [(SESSIONS[: page.daily.size], page.daily) for page in pages]
    worth = effective_looks(looks, range(1, len(pages) + 1), dependent=kind == "forecast")

    def looked(i: int) -> Looked:
        return Looked(1, i, 0, 1.0, worth[i])

    alone = Looked(1, 0, 0)
    best = min(pages, key=lambda page: page.p)
    return (
        float(pages[-1].word(alone)),
        float(any(page.word(alone) for page in pages)),
        float(any(page.word(looked(i)) for i, page in enumerate(pages))),
        float(best.word(looked(len(pages) - 1))),
        worth[-1],
    )


HEADS = (
    "what is looked at", "verdict", "prices", "one page", "some page, each alone",
    "some page, everything counted", "the best, judged at the end", "worth",
)  # fmt: skip
CASES = (
    ("ends", "forecast", 0.0),
    ("ends", "timing", 0.0),
    ("variants", "forecast", 0.0),
    ("variants", "timing", 0.0),
    ("ends", "forecast", MEMORY),
    ("ends", "timing", MEMORY),
)


def lines(series: int, first: int, jobs: int) -> Iterator[str]:
    """Return the table, a row as soon as it is made."""
    yield f"| {' | '.join(HEADS)} |\n|{' --- |' * len(HEADS)}"
    with ProcessPoolExecutor(jobs) as pool:
        for way, kind, memory in CASES:
            work = partial(judged, kind=kind, way=way, memory=memory)
            results = []
            for result in pool.map(work, range(first, first + series), chunksize=5):
                results.append(result)
                if len(results) % 50 == 0:
                    print(f"{way}, {kind}: {len(results)} of {series}", file=sys.stderr, flush=True)
            table = np.array(results)
            words = [share(list(1.0 - column)) for column in table[:, :4].T]  # 0: a word
            what = f"{ENDS} ends" if way == "ends" else f"{VARIANTS} variants"
            verdict = BETTER if kind == "forecast" else TIMED
            prices = f"AR {memory:g}" if memory else "random walk"
            cells = [what, verdict, prices, *words, f"{np.median(table[:, 4]):.1f}"]
            yield f"| {' | '.join(cells)} |"


def main() -> None:
    """Judge the series and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--series", type=int, default=500)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    flags = parser.parse_args()
    began = time.perf_counter()
    for line in lines(flags.series, flags.first_seed, flags.jobs):
        print(line, flush=True)
    print(f"\n{time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
