"""CSCV of errors: the lowest mean of one half, and its rank in the other."""

from itertools import combinations

import numpy as np
import pytest
from scipy.stats import rankdata

from backtests.statistics.overfitting import cscv_of_errors


def plain(errors, blocks):
    """The steps of the paper with the mean error as the measure, one split after the other."""
    parts = np.array_split(errors, blocks)
    logits = []
    for chosen in combinations(range(blocks), blocks // 2):
        seen = np.concatenate([parts[i] for i in chosen])
        unseen = np.concatenate([parts[i] for i in range(blocks) if i not in chosen])
        rank = rankdata(-unseen.mean(axis=0))[np.argmin(seen.mean(axis=0))]
        omega = rank / (errors.shape[1] + 1)
        logits.append(np.log(omega / (1 - omega)))
    return np.mean(np.array(logits) <= 0), len(logits)


@pytest.mark.parametrize(("rows", "columns"), [(91, 6), (85, 11)])
def test_as_a_plain_rewrite_of_the_steps_has_it(rows, columns):
    rng = np.random.default_rng(rows)
    errors = np.abs(rng.normal(size=(rows, columns))) + rng.normal(size=columns) * 0.1
    found = cscv_of_errors(errors)
    assert (found.pbo, found.splits) == plain(errors, 8)
    assert 0 < found.pbo < 1


def test_a_lower_mean_wins_however_unsteady_it_is():
    """A ratio of mean to deviation would choose the third, whose errors are large and vary most."""
    rng = np.random.default_rng(1)
    errors = np.stack([np.full(96, 0.010), np.full(96, 0.012), rng.choice([0.0, 0.1], 96)], axis=1)
    assert cscv_of_errors(errors).pbo == 0.0


def test_noise_is_luck_half_of_the_time_and_copies_count_once():
    found = []
    for seed in range(40):
        errors = np.abs(np.random.default_rng(seed).normal(size=(100, 10)))
        found.append(cscv_of_errors(errors).pbo)
    assert np.mean(found) == pytest.approx(0.5, abs=0.08)
    again = cscv_of_errors(np.concatenate([errors[:, [3, 3]], errors[:, ::-1]], axis=1))
    assert again == cscv_of_errors(errors) and again.variants == 10


def test_what_cannot_be_told_has_a_reason():
    errors = np.abs(np.random.default_rng(2).normal(size=(79, 3)))
    short = cscv_of_errors(errors)
    assert (short.pbo, short.rows) == (None, 79)
    assert short.why == "8 blocks of 10 sessions each are needed, and there are 79 sessions"
    same = cscv_of_errors(np.repeat(errors[:, :1], 3, axis=1))
    assert same.pbo is None and "two forecasters that differ" in same.why
