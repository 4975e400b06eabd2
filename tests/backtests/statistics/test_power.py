"""The chances of a small edge agree with simulated days."""

import numpy as np
import pytest

from backtests.statistics.diebold_mariano import diebold_mariano
from backtests.statistics.power import chance_of_better, chance_of_timing


def test_the_chance_of_better_is_that_of_simulated_days():
    rng, edge, days, series = np.random.default_rng(0), 0.2, 300, 300
    known = edge * rng.standard_normal((series, days))  # of a return with deviation 1
    realised = known + (1 - edge**2) ** 0.5 * rng.standard_normal((series, days))
    found = [
        diebold_mariano(np.abs(r - f), np.abs(r)).p_better < 0.05
        for r, f in zip(realised, known, strict=True)
    ]
    # 39% by the closed form; 99.9% of such shares lie within 9 points.
    assert np.mean(found) == pytest.approx(chance_of_better(days, edge), abs=0.09)


@pytest.mark.parametrize("chance", [chance_of_better, chance_of_timing])
def test_the_chance_grows_with_days_and_edge_and_falls_with_tests(chance):
    assert chance(722, 0.1) < chance(1500, 0.1) < chance(1500, 0.2)
    assert chance(722, 0.1, tests=4) < chance(722, 0.1)
    assert chance(722, 1e-6) == pytest.approx(0.05, abs=1e-3), "no edge: the level"
    assert chance(19, 0.1) is None
