"""The benchmark of looking often: its pages are what it says, and its words are those of the verdict."""

import numpy as np
import pytest

from backtests.judging.overall import Looked
from benchmarks.trials import ENDS, MEMORY, VARIANTS, judged, pages_of


@pytest.mark.parametrize("kind", ["forecast", "timing"])
def test_ends_are_the_same_days_cut_and_variants_all_of_them(kind):
    ends, variants = pages_of(3, kind, "ends", 0.0), pages_of(3, kind, "variants", 0.0)
    assert [page.daily.size for page in ends] == [722 - 21 * k for k in range(ENDS)][::-1]
    assert {page.daily.size for page in variants} == {722} and len(variants) == VARIANTS
    if kind == "forecast":
        assert np.array_equal(ends[0].daily, ends[-1].daily[: ends[0].daily.size])
    assert len({page.p for page in variants}) == VARIANTS


def test_what_was_looked_at_takes_words_away_and_gives_none():
    alone, some, counted, best, worth = judged(0, "timing", "ends", MEMORY)
    assert (alone, some) == (1.0, 1.0), "the coefficient is known"
    assert best <= counted <= some
    assert 3 < worth < 6
    page = pages_of(0, "timing", "ends", MEMORY)[-1]
    assert page.word(Looked(1, 0, 0)) and not page.word(Looked(1, 9, 0, 1.0, 1e6))
