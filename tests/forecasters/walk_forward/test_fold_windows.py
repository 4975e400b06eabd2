"""Windows cut for a fold hold nothing of the rows beyond it."""

import pytest

from backtests.sources.simulated import Simulated
from forecasters.features import make_features
from forecasters.preparation.preprocessing import Preprocessing
from forecasters.walk_forward import WalkForward
from forecasters.walk_forward.fold_windows import cut_windows


@pytest.mark.parametrize("part", ["fit", "validation", "test"])
def test_a_window_shares_no_memory_with_the_rows_beyond_it(part):
    """A view would carry its base, and with it the future, to whoever asks for `.base`."""
    features = make_features(Simulated().fetch("051900.KS", "2016-01-01", "2016-07-01"))
    fold = WalkForward(train_size=60, step=17).split(features.sessions)[0]
    windows = getattr(cut_windows(features, fold, Preprocessing(lookback=5)), part)
    for name in ("X", "y", "last_close", "as_of"):
        array = getattr(windows, name)
        assert array.base is None or array.base.size == array.size
