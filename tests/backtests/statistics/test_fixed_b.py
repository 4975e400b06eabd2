"""Fixed-b critical values against the published table, the exact law and the normal."""

import itertools
import math
from statistics import NormalDist

import numpy as np
import pytest

from backtests.statistics.fixed_b import LAST, critical_value, p_above, stretched
from backtests.statistics.outcome import normal_tail

#: Kiefer and Vogelsang 2005, table 1, row Bartlett: a0 + a1 b + a2 b^2 + a3 b^3 by level.
PUBLISHED = {
    0.10: (1.2816, 1.3040, 0.5135, -0.3386),
    0.05: (1.6449, 2.1859, 0.3142, -0.3427),
    0.025: (1.9600, 2.9694, 0.4160, -0.5324),
    0.01: (2.3263, 4.1618, 0.5368, -0.9060),
}


@pytest.mark.parametrize("b", [0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0])
@pytest.mark.parametrize("level", PUBLISHED)
def test_the_published_cubics(level: float, b: float) -> None:
    """Kiefer and Vogelsang 2005, table 1: cubics through 50,000 draws, so 2% apart at most."""
    cubic = sum(c * b**k for k, c in enumerate(PUBLISHED[level]))
    assert critical_value(level, b) == pytest.approx(cubic, rel=0.02)


def exact_tail(t: float, b: float, steps: int = 500) -> float:
    """Return P(Z / sqrt(Q) > t), with Q a weighted sum of squares, by the trapezoid rule."""
    lag = np.abs(np.subtract.outer(np.arange(steps), np.arange(steps)))
    centring = np.eye(steps) - 1 / steps
    kernel = centring @ np.maximum(0, 1 - lag / (b * steps)) @ centring / steps
    weights = np.linalg.eigvalsh(kernel).clip(0)
    angle = np.linspace(0, math.pi / 2, 400)[1:]
    inner = np.exp(-0.5 * np.log1p(t * t * weights / np.sin(angle)[:, None] ** 2).sum(axis=1))
    return float(
        np.trapezoid(np.concatenate([[0.0], inner]), np.concatenate([[0.0], angle])) / math.pi
    )


@pytest.mark.parametrize("b", [0.05, 0.15, 0.4, 1.0])
@pytest.mark.parametrize("score", [0.1, 0.5, 1.0, 1.645, 2.5, 3.5, 4.5])
def test_the_whole_law(score: float, b: float) -> None:
    """Holm over 55 forecasters asks for p values below 0.001: those tails must hold as well."""
    t = stretched(score, b)
    assert p_above(t, b) == pytest.approx(exact_tail(t, b), rel=0.02)


@pytest.mark.parametrize("score", [0.3, 1.0, 1.645, 2.5])
def test_a_small_bandwidth(score: float) -> None:
    """At b -> 0 it is the normal; the first order is worked out by hand.

    E Q = 1 - b and Var Q = 4 b / 3 to first order, so P(Z > t sqrt(Q)) is the normal tail at
    t (1 - b / 2) - (t + t^3) b / 6: the critical value is z + b (2 z / 3 + z^3 / 6).
    """
    assert stretched(score, 1e-9) == pytest.approx(score, abs=1e-8)
    b = 0.002
    by_hand = 2 * score / 3 + score**3 / 6
    assert (stretched(score, b) - score) / b == pytest.approx(by_hand, rel=0.02)


@pytest.mark.parametrize("b", [0.01, 0.05, 0.2, 0.6, 1.0])
def test_p_and_critical_value_are_inverse(b: float) -> None:
    for p in (0.5, 0.3, 0.1, 0.05, 0.01, 1e-3, 1e-5, 1e-7):
        t = critical_value(p, b)
        assert p_above(t, b) == pytest.approx(p, rel=1e-9)
        assert p_above(-t, b) == pytest.approx(1 - p, rel=1e-9)


@pytest.mark.parametrize("b", [0.005, 0.05, 0.35, 1.0])
def test_a_larger_statistic_never_has_a_larger_p(b: float) -> None:
    values = [p_above(t, b) for t in np.linspace(-40, 60, 800)]
    assert all(a >= c for a, c in itertools.pairwise(values))
    assert values[-1] == normal_tail(LAST)
    assert NormalDist().cdf(-LAST) == pytest.approx(normal_tail(LAST))
