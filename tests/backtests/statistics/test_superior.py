"""The test of superior predictive ability against arch and against Hansen's own formula."""

import numpy as np
import pytest
from arch.bootstrap import SPA, StationaryBootstrap, optimal_block_length

from backtests.statistics.diebold_mariano import diebold_mariano
from backtests.statistics.long_run import bandwidth, long_run_covariance
from backtests.statistics.superior import block_length, superior_predictive_ability


def losses(seed: int, gains: list[float], n: int = 300) -> tuple[np.ndarray, np.ndarray]:
    """Return a benchmark's losses and those of variants that gain so much a day."""
    rng = np.random.default_rng(seed)
    benchmark, noise = 1 + rng.gamma(2, 0.5, n), rng.normal(0, 1, (n, len(gains)))
    return benchmark, benchmark[:, None] - np.array(gains) - noise + noise.mean(axis=0)


@pytest.mark.parametrize("gain", [0.01, 0.08, 0.15])
def test_one_variant_against_arch_called_directly(gain: float) -> None:
    """With one variant, its scale changes nothing."""
    benchmark, table = losses(1, [gain])
    assert (benchmark - table[:, 0]).mean() > 0
    found = superior_predictive_ability(benchmark, table, seed=7)
    theirs = SPA(benchmark, table, block_size=found.block, reps=2000, seed=7)
    theirs.compute()
    p = theirs.pvalues
    assert (found.p_lower, found.p, found.p_upper) == (p["lower"], p["consistent"], p["upper"])


def hansen(benchmark: np.ndarray, table: np.ndarray, block: int, seed: int) -> list[float]:
    """Return Hansen's (2005) three p values, straight from his section 2."""
    d = benchmark[:, None] - table
    n = len(d)
    omega = np.array([np.sqrt(long_run_covariance([column], bandwidth(n))[0, 0]) for column in d.T])
    mean = d.mean(axis=0)
    statistic = max((np.sqrt(n) * mean / omega).max(), 0)
    far = mean < -omega / np.sqrt(n) * np.sqrt(2 * np.log(np.log(n)))
    centres = (np.maximum(mean, 0), np.where(far, 0, mean), mean)
    draws = StationaryBootstrap(block, d, seed=seed).bootstrap(2000)
    means = np.array([pos[0].mean(axis=0) for pos, _ in draws])
    return [
        float((np.maximum((np.sqrt(n) * (means - c) / omega).max(axis=1), 0) >= statistic).mean())
        for c in centres
    ]


@pytest.mark.parametrize("gains", [[0.1, 0.0, -0.6], [0.02, 0.03, -0.02, -2.0], [-0.05, -0.4]])
def test_several_variants_against_the_formula_of_the_paper(gains: list[float]) -> None:
    benchmark, table = losses(3, gains)
    table[:, -1] += np.random.default_rng(9).normal(0, 5, len(table))  # wild: scales differ
    found = superior_predictive_ability(benchmark, table, seed=11)
    by_hand = hansen(benchmark, table, found.block, 11)
    # The bound that sorts out variants uses the bootstrap's variance in arch, ours in `hansen`.
    assert [found.p_lower, found.p, found.p_upper] == pytest.approx(by_hand, abs=0.004)
    assert found.p_lower <= found.p <= found.p_upper


def test_a_wild_variant_does_not_drown_a_good_one() -> None:
    benchmark, table = losses(4, [0.25])
    alone = superior_predictive_ability(benchmark, table).p
    wild = benchmark + np.random.default_rng(1).normal(0, 80, len(benchmark))
    both = superior_predictive_ability(benchmark, np.column_stack([table, wild])).p
    assert alone < 0.01 and both < 0.02


def test_the_best_of_many_without_skill_is_not_superior() -> None:
    """Tested alone, the best of 40 would be called superior nearly always."""
    alone, together = [], []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        benchmark, noise = rng.gamma(2, 1, 200), rng.normal(0, 1, (200, 40))
        p = [diebold_mariano(benchmark + column, benchmark).p_better for column in noise.T]
        alone.append(min(p) < 0.05)
        found = superior_predictive_ability(benchmark, benchmark[:, None] + noise, draws=500)
        together.append(found.p < 0.05)
    assert sum(alone) >= 9 and sum(together) <= 2


def test_where_every_variant_loses_nothing_is_superior() -> None:
    """Recentred, what is clearly worse never comes near 0: a p of "samples above 0" would be near 0."""
    benchmark, table = losses(7, [-0.3, -0.5])
    found = superior_predictive_ability(benchmark, table)
    assert (found.p_lower, found.p, found.p_upper) == (1, 1, 1)


def test_neither_order_nor_copies_of_the_benchmark_change_it() -> None:
    benchmark, table = losses(6, [0.05, -0.1, 0.02])
    one = superior_predictive_ability(benchmark, table, seed=3)
    other = superior_predictive_ability(
        benchmark, np.column_stack([table[:, ::-1], benchmark]), seed=3
    )
    assert one == other
    assert one != superior_predictive_ability(benchmark, table, seed=4)


def test_the_block() -> None:
    """The median over the columns of arch's, up to a whole session, and at least the horizon."""
    rng = np.random.default_rng(8)
    x = np.column_stack([rng.normal(size=400), rng.normal(size=400).cumsum(), rng.normal(size=400)])
    theirs = [float(optimal_block_length(column)["stationary"].iloc[0]) for column in x.T]
    assert block_length(x, 1) == int(np.ceil(np.median(theirs)))
    assert block_length(x, 90) == 90


@pytest.mark.parametrize(
    ("n", "horizon", "columns", "why"),
    [
        (19, 1, 2, "19 days: a test needs 20"),
        (0, 1, 2, "0 days: a test needs 20"),
        (60, 70, 2, "too few for a horizon of 70"),
        (60, 1, 0, "no variant differs"),
    ],
)
def test_where_there_is_no_test(n: int, horizon: int, columns: int, why: str) -> None:
    benchmark = np.random.default_rng(0).gamma(2, 1, n)
    table = np.random.default_rng(1).gamma(2, 1, (n, columns))
    found = superior_predictive_ability(benchmark, table, horizon)
    assert found.p is None and found.p_lower is None and why in found.why
