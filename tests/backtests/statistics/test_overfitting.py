"""The probability of backtest overfitting: by hand, against a plain rewrite, on noise and on skill."""

from itertools import combinations

import numpy as np
import pytest
from scipy.stats import rankdata

from backtests.statistics.overfitting import cscv


def table(*columns):
    return np.array(columns, dtype=float).T / 100


# Two blocks of two days. Mean over standard deviation (n), block by block:
#   a:  2 (1, 3)    -2 (-1, -3)
#   b: -1 (-1, 0)    5 (2, 3)
#   c:  1 (0, 1)     2 (1, 3)
A, B, C = (1, 3, -1, -3), (-1, 0, 2, 3), (0, 1, 1, 3)


def test_a_case_enumerated_by_hand():
    # Best in the first block a, which is last in the second; best in the second b, last in the first.
    assert cscv(table(A, B, C), blocks=2, least=2).pbo == 1
    # b against c alone: c leads the first and is last of two in the second; b the other way round.
    assert cscv(table(B, C), blocks=2, least=2).pbo == 1
    # d leads both: never overfit.
    d = (4, 5, 7, 8)
    found = cscv(table(A, B, C, d), blocks=2, least=2)
    assert (found.pbo, found.splits, found.variants, found.rows) == (0, 2, 4, 4)
    # With e, 9 (4, 5) and 3 (1, 2): e leads the first block and is second of four in the second (b 5,
    # e 3, c 2, a -2); b leads the second and is last in the first. One of two.
    assert cscv(table(A, B, C, (4, 5, 1, 2)), blocks=2, least=2).pbo == 0.5


def plain(returns, blocks):
    """CSCV as the paper lists its steps, one split after the other."""
    parts = np.array_split(returns, blocks)
    logits = []
    for chosen in combinations(range(blocks), blocks // 2):
        seen = np.concatenate([parts[i] for i in chosen])
        unseen = np.concatenate([parts[i] for i in range(blocks) if i not in chosen])
        best = np.argmax(seen.mean(axis=0) / seen.std(axis=0))
        rank = rankdata(unseen.mean(axis=0) / unseen.std(axis=0))[best]
        omega = rank / (returns.shape[1] + 1)
        logits.append(np.log(omega / (1 - omega)))
    return np.mean(np.array(logits) <= 0), len(logits)


@pytest.mark.parametrize(("rows", "columns"), [(97, 5), (250, 12)])
def test_as_a_plain_rewrite_of_the_steps_has_it(rows, columns):
    rng = np.random.default_rng(rows)
    returns = rng.normal(size=(rows, columns)) * 0.01 + rng.normal(size=columns) * 0.0005
    found = cscv(returns, blocks=8, least=10)
    pbo, splits = plain(returns, 8)
    assert (found.pbo, found.splits) == (pbo, splits)
    assert 0 < found.pbo < 1


def test_noise_is_overfit_half_of_the_time_and_skill_is_not():
    noise, skill = [], []
    for seed in range(40):
        returns = np.random.default_rng(seed).normal(size=(500, 10)) * 0.01
        noise.append(cscv(returns, blocks=8).pbo)
        returns[:, 3] += 0.003  # a yearly ratio of nearly 5
        skill.append(cscv(returns, blocks=8).pbo)
    assert np.mean(noise) == pytest.approx(0.5, abs=0.08)
    assert np.mean(skill) < 0.01


def test_copies_order_and_idle_columns_do_not_matter():
    returns = np.random.default_rng(5).normal(size=(300, 6)) * 0.01
    alone = cscv(returns)
    idle = np.zeros((300, 2))
    more = np.concatenate([returns[:, [4, 2]], idle, returns[:, ::-1]], axis=1)
    assert cscv(more) == alone
    assert alone.variants == 6


def test_a_column_that_rests_in_one_half_has_a_ratio_of_zero_there():
    rng = np.random.default_rng(6)
    early, steady, poor = np.zeros(60), rng.normal(0.01, 0.001, 60), np.tile([-0.002, 0.001], 30)
    early[:30] = rng.normal(0.01, 0.0001, 30)  # best where it moved; then 0, between the other two
    found = cscv(np.stack([early, steady, poor], axis=1), blocks=2, least=30)
    # First half: early leads, in the second it is the middle of three, which is not above it.
    # Second half: steady leads, in the first it is the middle of three.
    assert found.pbo == 1
    better = cscv(np.stack([early, steady, poor, poor - 0.01], axis=1), blocks=2, least=30)
    assert better.pbo == 0  # third of four is above the middle


@pytest.mark.parametrize(("rows", "blocks"), [(720, 16), (480, 16), (479, 14), (240, 8)])
def test_as_many_blocks_as_have_thirty_rows(rows, blocks):
    found = cscv(np.random.default_rng(7).normal(size=(rows, 3)))
    assert (found.blocks, found.rows) == (blocks, rows)
    assert found.pbo is not None


def test_what_cannot_be_told_has_a_reason():
    noise = np.random.default_rng(8).normal(size=(239, 3)) * 0.01
    short = cscv(noise)
    assert short.pbo is None
    assert short.why == "8 blocks of 30 sessions each are needed, and there are 239 sessions"
    same = cscv(np.repeat(noise[:, :1], 3, axis=1))
    assert (same.pbo, same.variants) == (None, 1)
    assert "two variants" in same.why
    nobody = cscv(np.zeros((500, 4)))
    assert (nobody.pbo, nobody.variants) == (None, 0)
    assert cscv(np.empty((500, 0))).pbo is None
    lost = np.random.default_rng(9).normal(size=(500, 3))
    lost[400:, 1] = np.nan
    assert cscv(lost).why == "an account lost all it had"
    with pytest.raises(ValueError, match="even number"):
        cscv(noise, blocks=7)
