"""Whether a forecast was better in more than half of the folds."""

from __future__ import annotations

from backtests.statistics.outcome import Outcome
from forecasters.bars import Floats


def sign_test(gains: Floats) -> Outcome:
    """Test the gains of folds [F]; `statistic` is how many are above 0, `n` how many are not 0.

    Each fold counts once, however large its gain: one extreme fold can move a mean, but not this
    count. Ties are left out and counted in `left_out`. The p value is the exact binomial tail.

    References
    ----------
    Arbuthnott 1710. Dixon and Mood 1946, The statistical sign test. Diebold and Mariano 1995,
    section 1.2.
    """
    won, tied = int((gains > 0).sum()), int((gains == 0).sum())
    n = gains.size - tied
    if not n:
        return Outcome(None, None, 0, "no fold differs" if tied else "no fold", tied)
    from scipy.stats import binomtest

    p = float(binomtest(won, n, alternative="greater").pvalue)
    return Outcome(float(won), p, n, left_out=tied)
