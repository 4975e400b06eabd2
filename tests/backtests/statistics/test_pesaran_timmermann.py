"""Pesaran-Timmermann against a table worked out by hand, the chi-squared test and statsmodels."""

import math
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.diagnostic import pesaran_timmermann as theirs

from backtests.statistics.pesaran_timmermann import pesaran_timmermann


def series(both: int, said: int, rose: int, neither: int) -> tuple[np.ndarray, np.ndarray]:
    """Return realised and forecast returns with these counts of (said up, rose) and so on."""
    forecast = np.repeat([0.01, 0.02, -0.01, -0.02], [both, said, rose, neither])
    realised = np.repeat([0.03, -0.01, 0.02, -0.04], [both, said, rose, neither])
    return realised, forecast


def test_a_table_worked_out_by_hand() -> None:
    """Said up and rose 30, said up and fell 20, said down and rose 15, said down and fell 25.

    Hits 55/90. P(rose) = 45/90, P(said) = 50/90, so chance is 1/2 and the variances are
    1/4 / 90 and (2 * 5/9 - 1)^2 / 4 / 90 + 4 * 5/9 * 4/9 / 4 / 90^2.
    """
    hits, chance = Fraction(55, 90), Fraction(1, 2)
    of_hits = Fraction(1, 4) / 90
    of_chance = Fraction(1, 81) / 4 / 90 + 4 * Fraction(5, 9) * Fraction(4, 9) / 4 / 90**2
    by_hand = float(hits - chance) / math.sqrt(of_hits - of_chance)
    found = pesaran_timmermann(*series(30, 20, 15, 25))
    assert found.statistic == pytest.approx(by_hand)
    assert found.p == pytest.approx(stats.norm.sf(by_hand))
    assert (found.n, found.left_out) == (90, 0)


@pytest.mark.parametrize("table", [(30, 20, 15, 25), (9, 4, 11, 3), (100, 80, 90, 95)])
def test_its_square_is_the_chi_squared_of_the_table(table: tuple[int, int, int, int]) -> None:
    """Algebra: S^2 is Pearson's chi-squared of the two by two table, times n / (n - 1)."""
    n = sum(table)
    both, said, rose, neither = table
    chi = stats.chi2_contingency([[both, said], [rose, neither]], correction=False).statistic
    found = pesaran_timmermann(*series(*table))
    assert found.statistic**2 == pytest.approx(chi * n / (n - 1))
    assert (found.statistic > 0) == (both * neither > said * rose)


def test_against_statsmodels() -> None:
    """Theirs leaves out the term in 1 / n^2 of the paper: apart from that the two are the same."""
    rng = np.random.default_rng(4)
    r, f = rng.normal(0.1, 1, (2, 1000))
    other = theirs(r, f + 0.1 * r, alternative="larger")
    found = pesaran_timmermann(r, f + 0.1 * r)
    assert found.statistic * np.sqrt(999 / 1000) == pytest.approx(other.statistic)
    assert found.p == pytest.approx(other.pvalue, rel=0.01)


def test_always_saying_up_in_a_rising_market_shows_nothing() -> None:
    r = np.where(np.arange(200) % 10 < 7, 0.01, -0.01)
    found = pesaran_timmermann(r, np.full(200, 0.02))
    assert found.p is None and found.why == "the forecast moves in one direction only"
    mostly = np.where(np.arange(200) % 7 < 6, 0.02, -0.02)
    assert ((r > 0) == (mostly > 0)).mean() > 0.6
    assert pesaran_timmermann(r, mostly).p > 0.3


def test_days_without_a_move_are_left_out() -> None:
    r, f = series(30, 20, 15, 25)
    more = pesaran_timmermann(np.append(r, [0.0, 0.0, 0.1]), np.append(f, [0.1, -0.1, 0.0]))
    assert more.statistic == pesaran_timmermann(r, f).statistic
    assert (more.n, more.left_out) == (90, 3)


def test_where_it_is_not_defined() -> None:
    r, f = series(10, 5, 2, 2)
    assert pesaran_timmermann(r, f).why == "19 moving days: a test needs 20"
    assert pesaran_timmermann(np.abs(r).repeat(2), f.repeat(2)).why == (
        "the price moves in one direction only"
    )
    assert pesaran_timmermann(r, np.zeros(19)).n == 0
