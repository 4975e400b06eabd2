"""The model confidence set against arch and against T_max computed from the paper."""

import numpy as np
import pytest
from arch.bootstrap import MCS, StationaryBootstrap

from backtests.statistics.confidence_set import model_confidence_set


def losses(seed: int, excess: list[float], n: int = 300) -> np.ndarray:
    """Return losses of forecasts that lose so much more a day, with a part in common."""
    rng = np.random.default_rng(seed)
    return rng.gamma(2, 1, (n, 1)) + np.array(excess) + rng.normal(0, 0.5, (n, len(excess)))


NAMES = ("naive", "a", "b", "c", "d")
TABLE = losses(1, [0.0, 0.01, 0.06, 0.15, 0.6])


@pytest.mark.parametrize("size", [0.01, 0.1, 0.3, 0.9])
def test_against_arch_called_directly(size: float) -> None:
    found = model_confidence_set(TABLE, NAMES, seed=5, size=size)
    theirs = MCS(TABLE, size, reps=2000, block_size=found.block, method="max", seed=5)
    theirs.compute()
    assert found.kept == tuple(NAMES[i] for i in theirs.included)
    assert found.p == {NAMES[i]: p for i, p in theirs.pvalues["Pvalue"].items()}
    assert (found.n, found.draws, found.size) == (300, 2000, size)


def test_against_the_paper() -> None:
    """Hansen, Lunde and Nason 2011, section 3.1.2: T_max, its rule, and the running maximum of p."""
    found = model_confidence_set(TABLE, NAMES, seed=5)
    drawn = StationaryBootstrap(found.block, np.arange(300), seed=5).bootstrap(2000)
    star = np.array([TABLE[pos[0]].mean(axis=0) for pos, _ in drawn])
    left, p, worst = list(range(5)), {}, 0.0
    while len(left) > 1:
        mean = TABLE[:, left].mean(axis=0)
        gap, drawn_gap = mean - mean.mean(), star[:, left] - star[:, left].mean(axis=1)[:, None]
        deviation = np.sqrt(((drawn_gap - gap) ** 2).mean(axis=0))
        t = gap / deviation
        worst = max(worst, float((((drawn_gap - gap) / deviation).max(axis=1) > t.max()).mean()))
        p[NAMES[left.pop(int(t.argmax()))]] = worst
    p[NAMES[left[0]]] = 1.0
    assert found.p == pytest.approx(p)


def test_the_worst_go_and_the_best_stays() -> None:
    found = model_confidence_set(TABLE, NAMES)
    assert "naive" in found.kept and "a" in found.kept
    assert not {"c", "d"} & set(found.kept)
    assert not found.no_power


def test_a_set_of_all_has_no_power() -> None:
    found = model_confidence_set(losses(2, [0.0, 0.0, 0.0]), ("naive", "a", "b"))
    assert found.kept == ("naive", "a", "b") and found.no_power


def test_the_same_losses_share_their_fate() -> None:
    twice = np.column_stack([TABLE, TABLE[:, 4], TABLE[:, 1] * (1 + 1e-15)])
    names = (*NAMES, "d again", "a again")
    once, found = (model_confidence_set(t, n, seed=1) for t, n in ((TABLE, NAMES), (twice, names)))
    assert {name: found.p[name] for name in NAMES} == once.p
    assert found.p["d again"] == found.p["d"] and found.p["a again"] == found.p["a"]


def test_the_order_of_the_forecasts_is_no_matter() -> None:
    one = model_confidence_set(TABLE, NAMES, seed=3)
    other = model_confidence_set(TABLE[:, ::-1], NAMES[::-1], seed=3)
    assert other.p == pytest.approx(one.p) and set(other.kept) == set(one.kept)


@pytest.mark.parametrize(
    ("table", "why"),
    [
        (TABLE[:19], "19 days: a test needs 20"),
        (TABLE[:, :1], "the forecasts do not differ"),
        (np.column_stack([TABLE[:, 0], TABLE[:, 0]]), "the forecasts do not differ"),
        (TABLE[:0], "0 days: a test needs 20"),
    ],
)
def test_where_there_is_no_set(table: np.ndarray, why: str) -> None:
    found = model_confidence_set(table, NAMES[: table.shape[1]])
    assert found.kept == () and found.p == {} and not found.no_power and why in found.why
