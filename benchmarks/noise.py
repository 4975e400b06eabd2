"""How often the tests find skill or timing where there is none: `python -m benchmarks.noise`.

Three tables, each with its command. Without a flag: the tests of forecasts. Each series is a random
walk with clustered volatility and fat tails (GARCH(1,1) with Student's t of 6 degrees, no drift, no
tie to its past): the best forecast of its next close is the last one, and every
"better than naive" is wrong. Fast forecasters are trained walk-forward as in a run; networks would
take hours for so many series, and contain naive in the same way: each can forecast no change.

Naive is nested in each of them, so the comparison with naive cannot show whether Diebold-Mariano is
wrong as often as it should be. Two forecasts with independent noise of the same size show that: neither
is better. Every share has its 95% interval (Clopper and Pearson 1934).

With `--timing`: the test of timing, on returns that nothing predicts and forecasts of many kinds, traded
by the direction rule: forecasts that know nothing, that last, that are mostly above zero, and that follow
the mean of past returns, up or down, over 20 to 500 days. A sale and a purchase fill at the close of
the decision, which is the next open where no night moves the price. With `--nulls`: other nulls beside it.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np
from scipy.stats import beta

from backtests import plugins
from backtests.judging.skill import judge_forecasts
from backtests.judging.verdict import CANNOT_SAY, IDLE, TIMED, rule_word
from backtests.statistics.diebold_mariano import diebold_mariano
from backtests.statistics.timing import excess_exposure, positive_gain
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
    defined = [value for value in p if value is not None and not np.isnan(value)]
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


# --- timing --------------------------------------------------------------------------------------

#: Sessions before the judged ones, from which a forecast may take its past returns.
PAST = 520
#: Drift of the rising market, in daily standard deviations: a yearly Sharpe ratio of 0.8.
DRIFT = 0.05
#: A round trip on the Korea Exchange: commission 1.5 and slippage 5 basis points a side, tax 25 on the sale.
ROUND_TRIP = 0.0038
TICKERS, COMMON = 10, 0.5


def walks(
    series: int,
    days: int,
    seed: int,
    drift: float = 0.0,
    memory: float = 0.0,
    clustered: bool = False,
) -> np.ndarray:
    """Return daily returns, [PAST + days, series], of a standard deviation of `DAILY`.

    Parameters
    ----------
    drift : float
        Mean return, in standard deviations.
    memory : float
        Coefficient of the first-order autoregression; 0: nothing predicts them.
    clustered : bool
        GARCH(1,1) with Student's t of 6 degrees in place of independent normal returns.
    """
    rng = np.random.default_rng([seed, 2])
    shape = PAST + days, series
    if clustered:
        shocks = rng.standard_t(DEGREES, shape) * np.sqrt((DEGREES - 2) / DEGREES)
        variance = np.ones(series)
        for shock in shocks:
            shock *= np.sqrt(variance)
            variance = (1 - ALPHA - BETA) + ALPHA * shock**2 + BETA * variance
    else:
        shocks = rng.standard_normal(shape)
    if memory:
        shocks[1:] *= np.sqrt(1 - memory**2)
        for t in range(1, shape[0]):
            shocks[t] += memory * shocks[t - 1]
    return DAILY * (shocks + drift)


def means_of(returns: np.ndarray, days: int) -> np.ndarray:
    """Return the mean of the last `days` returns, [T, series], scaled to a deviation of `NOISE`; first rows 0."""
    summed = np.cumsum(returns, axis=0)
    made = np.zeros_like(returns)
    made[days:] = summed[days:] - summed[:-days]
    return made * NOISE / (DAILY * np.sqrt(days))


def held(forecast: np.ndarray, round_trip: float = 0.0) -> np.ndarray:
    """Return the exposure of the direction rule to the next day, [T, series]: 0 or 1, starting with 0."""
    exposure, now = np.empty_like(forecast), np.zeros(forecast.shape[1:], dtype=bool)
    for t, said in enumerate(forecast):
        now = np.where(now, said >= 0, said > round_trip)
        exposure[t] = now
    return exposure


def p_values(exposure: np.ndarray, returns: np.ndarray, round_trip: float = 0.0) -> np.ndarray:
    """Return the p value of the timing after costs, [series]; NaN where there is none.

    Parameters
    ----------
    exposure, returns : float64, shape [T, series] or [T, series, tickers]
        To each day and of each day.
    """
    changed = np.abs(np.diff(exposure, axis=0, prepend=0.0))
    daily = excess_exposure(exposure) * returns - round_trip / 2 * changed
    if daily.ndim == 3:
        daily = daily.sum(axis=2)
    p = [positive_gain(column).p for column in daily.T]
    return np.array([np.nan if value is None else value for value in p])


def words(exposure: np.ndarray, p: np.ndarray) -> list[str]:
    """Return the word of the verdict on each series, as if it stood alone on its page."""
    changed = np.diff(exposure, axis=0, prepend=0.0)
    bought, sold = (changed > 0).sum(axis=0), (changed < 0).sum(axis=0)
    return [
        rule_word(int(b), int(s), None if np.isnan(value) else float(value))
        for b, s, value in zip(bought, sold, p, strict=True)
    ]


Forecast = Callable[[np.ndarray, np.random.Generator], np.ndarray]


def _noise(returns: np.ndarray, rng: np.random.Generator, mean: float = 0.0) -> np.ndarray:
    return NOISE * (rng.standard_normal(returns.shape) + mean)


def _lasting(returns: np.ndarray, rng: np.random.Generator, mean: float = 0.0) -> np.ndarray:
    shocks = rng.standard_normal(returns.shape)
    shocks[1:] *= np.sqrt(1 - 0.9**2)
    for t in range(1, len(shocks)):
        shocks[t] += 0.9 * shocks[t - 1]
    return NOISE * (shocks + mean)


def _following(returns: np.ndarray, rng: np.random.Generator, days: int, sign: float) -> np.ndarray:
    return sign * means_of(returns, days)


#: What forecasts the returns, none of which can be forecast.
FORECASTS: dict[str, Forecast] = {
    "noise": _noise,
    "noise, mostly above zero": partial(_noise, mean=1.5),
    "noise that lasts (AR 0.9)": _lasting,
    "the same, mostly above zero": partial(_lasting, mean=1.5),
    **{
        f"{name}, {days} days": partial(_following, days=days, sign=sign)
        for name, sign in (("contrarian", -1.0), ("momentum", 1.0))
        for days in (20, 60, 250, 500)
    },
}
#: Of ten tickers that share half of their variance, the one that rose or fell most.
CHOICES = {"of ten, the one that fell most in 60 days": -1.0, "of ten, the one that rose most": 1.0}
#: The markets: drift, and whether volatility clusters.
MARKETS = {
    "white noise": (0.0, False),
    "GARCH, fat tails": (0.0, True),
    "rising": (DRIFT, False),
    "rising, GARCH": (DRIFT, True),
}


def chosen(series: int, days: int, seed: int, market: str, sign: float) -> tuple[np.ndarray, ...]:
    """Return exposure and returns, each [days, series, tickers], of a rule that always holds one ticker."""
    drift, clustered = MARKETS[market]
    parts = walks(series * (TICKERS + 1), days, seed, 0.0, 0.0, clustered)
    parts = parts.reshape(PAST + days, series, TICKERS + 1)
    returns = np.sqrt(COMMON) * parts[..., -1:] + np.sqrt(1 - COMMON) * parts[..., :-1]
    returns += drift * DAILY
    last = np.argmax(sign * means_of(returns, 60)[-days - 1 : -1], axis=2)  # [days, series]
    return np.eye(TICKERS)[last], returns[-days:]


def timing_of(name: str, series: int, days: int, seed: int) -> list[str]:
    """Return the cells of one kind of forecast: a share for each market, then costs and words on white noise."""
    cells, extra = [], []
    for market, (drift, clustered) in MARKETS.items():
        if name in CHOICES:
            exposure, returns = chosen(series // 10, days, seed, market, CHOICES[name])
            cells.append(share(list(p_values(exposure, returns))))
            continue
        returns = walks(series, days, seed, drift, 0.0, clustered)
        rng = np.random.default_rng([seed, 3])
        forecast = FORECASTS[name](returns, rng)[-days - 1 : -1]
        judged, exposure = returns[-days:], held(forecast)
        p = p_values(exposure, judged)
        cells.append(share(list(p)))
        if market == "white noise":
            costly = held(forecast, ROUND_TRIP)
            said = words(exposure, p)
            extra = [
                share(list(p_values(costly, judged, ROUND_TRIP))),
                *(f"{said.count(word) / len(said):.1%}" for word in (TIMED, CANNOT_SAY, IDLE)),
            ]
    return [name, *cells, *(extra or ["–"] * 4)]


def timing_lines(series: int, days: int, seed: int, jobs: int) -> Iterator[str]:
    """Return the table of the test of timing, a row as soon as it is made."""
    heads = ["forecast", *MARKETS, "white noise, with costs", TIMED, CANNOT_SAY, IDLE]
    yield f"| {' | '.join(heads)} |\n|{' --- |' * len(heads)}"
    work = partial(timing_of, series=series, days=days, seed=seed)
    with ProcessPoolExecutor(jobs) as pool:
        for cells in pool.map(work, [*FORECASTS, *CHOICES]):
            yield f"| {' | '.join(cells)} |"


# --- other nulls ---------------------------------------------------------------------------------


def _tested(excess: np.ndarray, returns: np.ndarray) -> np.ndarray:
    """Return the p value of the mean of excess exposure times return, [series]."""
    p = [positive_gain(column).p for column in (excess * returns).T]
    return np.array([np.nan if value is None else value for value in p])


def _so_far(exposure: np.ndarray) -> np.ndarray:
    day = np.arange(1, len(exposure) + 1)[:, None]
    return exposure - np.cumsum(exposure, axis=0) / day


def _bounded(exposure: np.ndarray) -> np.ndarray:
    """Return the excess over a reference that stays between 0 and 1."""
    mean, owed = exposure - _so_far(exposure), np.zeros(exposure.shape[1])
    excess = np.empty_like(exposure)
    for t, now in enumerate(exposure):
        excess[t] = now - np.clip(mean[t] + owed / (len(exposure) - t), 0.0, 1.0)
        owed += excess[t]
    return excess


def _shifted(exposure: np.ndarray, returns: np.ndarray) -> np.ndarray:
    """Return the share of all circular shifts of the exposure that earn as much, itself among them."""
    transformed = np.conj(np.fft.rfft(exposure, axis=0)) * np.fft.rfft(returns, axis=0)
    earned = np.fft.irfft(transformed, len(returns), axis=0)  # [shifts, series]
    return np.asarray((earned >= earned[0] - 1e-12).mean(axis=0))


def _permuted(exposure: np.ndarray, returns: np.ndarray, block: int = 20) -> np.ndarray:
    """Return the share of orders of the blocks of returns in which the exposure earns as much."""
    rng, own = np.random.default_rng(0), (exposure * returns).sum(axis=0)
    blocks = np.array_split(np.arange(len(returns)), len(returns) // block)
    as_much = np.ones_like(own)
    for _ in range(199):
        order = np.concatenate([blocks[i] for i in rng.permutation(len(blocks))])
        as_much += (exposure * returns[order]).sum(axis=0) >= own
    return np.asarray(as_much / 200)


#: What else could stand for "no timing": from exposure and returns to p values.
NULLS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "circular shifts of the exposure": _shifted,
    "returns in another order, blocks of 20 days": _permuted,
    "less the mean exposure of the sample": lambda e, r: _tested(e - e.mean(axis=0), r),
    "nothing subtracted": _tested,
    "less the mean exposure so far": lambda e, r: _tested(_so_far(e), r),
    "the same, made good on the days left, within 0 and 1": lambda e, r: _tested(_bounded(e), r),
    "the same without bounds: ours": p_values,
}
#: Forecast, drift and autoregression; the last is an oracle, whose share is power.
TRIED: dict[str, tuple[str | None, float, float]] = {
    "contrarian, 60 days": ("contrarian, 60 days", 0.0, 0.0),
    "contrarian, 500 days": ("contrarian, 500 days", 0.0, 0.0),
    "momentum, 500 days": ("momentum, 500 days", 0.0, 0.0),
    "rising, momentum, 500 days": ("momentum, 500 days", DRIFT, 0.0),
    "rising, lasting, mostly above zero": ("the same, mostly above zero", DRIFT, 0.0),
    "power: oracle of AR 0.1": (None, 0.0, 0.1),
}


def nulls_lines(series: int, days: int, seed: int) -> Iterator[str]:
    """Return the table of other nulls; a column is a world."""
    shares: dict[str, list[str]] = {name: [] for name in NULLS}
    for name, drift, memory in TRIED.values():
        returns = walks(series, days, seed, drift, memory)
        rng = np.random.default_rng([seed, 3])
        forecast = memory * returns if name is None else FORECASTS[name](returns, rng)
        exposure, judged = held(forecast[-days - 1 : -1]), returns[-days:]
        for null, test in NULLS.items():
            p = test(exposure, judged)
            shares[null].append(f"{np.mean(p[~np.isnan(p)] < LEVEL):.1%}")
    yield f"| null | {' | '.join(TRIED)} |\n|{' --- |' * (len(TRIED) + 1)}"
    for null, cells in shares.items():
        yield f"| {null} | {' | '.join(cells)} |"


def main() -> None:
    """Judge the series and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--timing", action="store_true", help="the table of the test of timing")
    parser.add_argument("--nulls", action="store_true", help="other nulls of timing, side by side")
    parser.add_argument(
        "--series",
        type=int,
        help="500; with --timing 10,000, a tenth where there are ten tickers; with --nulls 2,000",
    )
    parser.add_argument("--days", type=int, default=722, help="judged days, with --timing")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--rows", type=int, default=1227, help="sessions of a series")
    parser.add_argument("--horizon", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    flags = parser.parse_args()
    if flags.timing or flags.nulls:
        began = time.perf_counter()
        if flags.timing:
            lines_of = timing_lines(
                flags.series or 10_000, flags.days, flags.first_seed, flags.jobs
            )
        else:
            lines_of = nulls_lines(flags.series or 2_000, flags.days, flags.first_seed)
        for line in lines_of:
            print(line, flush=True)
        print(f"\n{time.perf_counter() - began:.0f} s")
        return
    series = flags.series or 500
    seeds = range(flags.first_seed, flags.first_seed + series)
    work = partial(p_values_of, rows=flags.rows, horizon=flags.horizon)
    with ProcessPoolExecutor(flags.jobs) as pool:
        results = []
        for result in pool.map(work, seeds, chunksize=5):
            results.append(result)
            if len(results) % 50 == 0:
                print(f"{len(results)} of {series} series", file=sys.stderr, flush=True)
    print("\n".join(lines(results)))


if __name__ == "__main__":
    main()
