"""How often the tests of skill find skill where there is none: `python benchmarks/noise.py`.

Each series is a random walk with clustered volatility and fat tails (GARCH(1,1) with Student's t of 6
degrees, no drift, no tie to its past): the best forecast of its next close is the last one, and every
"better than naive" is wrong. Fast forecasters are trained walk-forward as in a run; networks would
take hours for so many series, and contain naive in the same way: each can forecast no change.

Naive is nested in each of them, so the comparison with naive cannot show whether Diebold-Mariano is
wrong as often as it should be. Two forecasts with independent noise of the same size show that: neither
is better. Every share has its 95% interval (Clopper and Pearson 1934).
"""

import argparse
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np
from scipy.stats import beta

from backtests import plugins
from backtests.judging.skill import judge_forecasts
from backtests.statistics.diebold_mariano import diebold_mariano
from forecasters.bars import Bars, Origin
from forecasters.features import make_features
from forecasters.forecasts import Forecasts
from forecasters.walk_forward import WalkForward

LABELS = ("drift", "linear", "linear:target=return", "linear:target=return,alpha=10")
#: Daily standard deviation and GARCH coefficients, those of the simulated source.
DAILY, ALPHA, BETA, DEGREES = 0.018, 0.08, 0.90, 6.0
#: Standard deviation of the forecast return of the two forecasts that differ only by noise.
NOISE = 0.006
LEVEL = 0.05


def walk(seed: int, rows: int) -> Bars:
    """Return bars of a random walk; prices are not rounded."""
    rng = np.random.default_rng([seed, 0])
    shocks = rng.standard_t(DEGREES, rows) * np.sqrt((DEGREES - 2) / DEGREES)
    returns, variance = np.empty(rows), DAILY**2
    for t, shock in enumerate(shocks):
        returns[t] = np.sqrt(variance) * shock
        variance = (1 - ALPHA - BETA) * DAILY**2 + ALPHA * returns[t] ** 2 + BETA * variance
    close = 100_000 * np.exp(np.cumsum(returns))
    before = np.concatenate([[100_000.0], close[:-1]])
    opened = before * np.exp(rng.normal(0, 0.4 * DAILY, rows))
    reach = np.exp(np.abs(rng.normal(0, 0.4 * DAILY, (2, rows))))
    high, low = np.maximum(opened, close) * reach[0], np.minimum(opened, close) / reach[1]
    volume = np.exp(rng.normal(11, 0.3, rows))
    days = np.busday_offset("2015-01-02", np.arange(rows), roll="forward")
    origin = Origin(source="simulated", vendor="random generator", simulated=True)
    return Bars(f"NOISE{seed}", days, opened, high, low, close, volume, origin=origin)


def forecasts_of(bars: Bars, horizon: int) -> dict[str, tuple[Forecasts, ...]]:
    """Return the walk-forward forecasts of each forecaster."""
    plan, features = WalkForward(horizon=horizon), make_features(bars, horizon=horizon)
    made = {}
    for label in ("naive", *LABELS):
        fits = plan.fits(plugins.make(plugins.FORECASTERS, plugins.parse(label)), features)
        made[label] = (plan.collect(fits, [fit.run() for fit in fits], label),)
    return made


def exchangeable(realised: np.ndarray, seed: int, memory: float, horizon: int) -> float:
    """Return the p value of "the first is better" of two forecasts that differ only by noise."""
    rng = np.random.default_rng([seed, 1, round(100 * memory)])
    shocks = NOISE * np.sqrt(1 - memory**2) * rng.standard_normal((2, realised.size))
    forecasts = np.empty_like(shocks)
    forecasts[:, 0] = NOISE * rng.standard_normal(2)
    for t in range(1, realised.size):
        forecasts[:, t] = memory * forecasts[:, t - 1] + shocks[:, t]
    first, second = np.abs(realised - forecasts)
    return diebold_mariano(first, second, horizon).p_better


P = dict[str, float | None]


def p_values_of(seed: int, rows: int, horizon: int) -> tuple[P, dict[str, P]]:
    """Return the p values of one series: of all forecasters together, and of each."""
    made = forecasts_of(walk(seed, rows), horizon)
    skill = judge_forecasts(made, horizon, seed)
    (naive,) = made["naive"]
    realised = np.log1p(naive.realised_return[naive.judged])
    together = {
        "some forecaster is better than naive: Diebold-Mariano, Holm": min(
            one.p_better for one in skill.judged
        ),
        "some forecaster has content: Clark-West, Holm": min(
            one.p_clark_west for one in skill.judged
        ),
        "the best of them is better: SPA": skill.superior.p,
        "naive is not among the best: MCS at 90%": float("naive" in skill.kept.kept),
        "of two that differ by noise, the first is better": exchangeable(
            realised, seed, 0.0, horizon
        ),
        "the same, noise that lasts (AR 0.9)": exchangeable(realised, seed, 0.9, horizon),
    }
    each = {
        one.forecaster: {
            "better": one.absolute.p_better,
            "Clark-West": one.clark_west.p,
            "folds": one.folds.p,
            "direction": one.direction.p,
            "worse": one.absolute.p_worse,
        }
        for one in skill.judged
    }
    return together, each


def share(p: list[float | None]) -> str:
    """Return in how many of the series p was below 5%, with the exact 95% interval."""
    defined = [value for value in p if value is not None]
    n = len(defined)
    if not n:
        return "not defined"
    hits = sum(value < LEVEL for value in defined)
    low = beta.ppf(0.025, hits, n - hits + 1) if hits else 0.0
    high = beta.ppf(0.975, hits + 1, n - hits) if hits < n else 1.0
    fewer = f", of {n:,}" if n < len(p) else ""
    return f"{hits / n:.1%} ({low:.1%} to {high:.1%}{fewer})"


def lines(results: list[tuple[P, dict[str, P]]]) -> Iterator[str]:
    """Return two tables: the shares for all forecasters together, and for each alone."""
    yield "| what is said | said in |\n| --- | --- |"
    for name in results[0][0]:
        yield f"| {name} | {share([together[name] for together, _ in results])} |"
    labels = results[0][1]
    names = list(labels[LABELS[0]])
    yield f"\n| alone, not adjusted | {' | '.join(names)} |\n|{' --- |' * (len(names) + 1)}"
    for label in labels:
        cells = [share([each[label][name] for _, each in results]) for name in names]
        yield f"| {label} | {' | '.join(cells)} |"


def main() -> None:
    """Judge the series and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--series", type=int, default=500)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--rows", type=int, default=1227, help="sessions of a series")
    parser.add_argument("--horizon", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    flags = parser.parse_args()
    seeds = range(flags.first_seed, flags.first_seed + flags.series)
    work = partial(p_values_of, rows=flags.rows, horizon=flags.horizon)
    with ProcessPoolExecutor(flags.jobs) as pool:
        results = list(pool.map(work, seeds, chunksize=5))
    print("\n".join(lines(results)))


if __name__ == "__main__":
    main()
