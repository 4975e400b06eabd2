"""What a grid crosses: labels, fields that only some have, and what is refused."""

from __future__ import annotations

import re

import numpy as np
import pytest

from backtests.grids.config import GridConfig
from backtests.grids.crossing import PartlyCrossed, cross, parse_axes
from backtests.grids.pages.sentences import partly_sentence
from backtests.grids.s3 import PUBLISHED, S3_GRID, published
from backtests.grids.search import make_search
from forecasters.errors import InputError
from forecasters.walk_forward import WalkForward
from forecasters.walk_forward.fixed_split import FixedSplit
from tests.backtests.example_studies import make_bars


def search_of(**given):
    return make_search(GridConfig.of({"ticker": ("A.KS",), **given}))


def test_by_default_it_is_the_grid_of_s3_and_its_rnn():
    search = search_of()
    labels = list(search.forecasters)
    assert len(labels) == 56 and labels[0] == "naive" and labels[-1] == "rnn"
    assert len(set(labels)) == 56
    assert "cnn:activation=tanh,architecture=3,batch_size=128,filters=64" in labels
    made = search.forecasters["cnn:activation=tanh,architecture=3,batch_size=128,filters=64"]
    assert (made.activation, made.architecture, made.batch_size, made.filters) == (
        "tanh",
        3,
        128,
        64,
    )
    assert made.epochs == 50 and made.target == "close"
    assert {v.features for v in search.crossing.variants} == {"ohlcv+indicators"}
    assert search.seeds == (0,) and search.s3


def test_its_last_fifth_is_the_test_and_15_percent_of_the_rest_choose():
    """S3 80:20; of the 80, 15% are 12: 68:12:20. The labels of one part end before the next."""
    (fold,) = search_of().walk_forward.split(make_bars(rows=1_000).sessions)
    assert (fold.fit, fold.validation, fold.test) == (
        range(680), range(680, 800), range(800, 1_000),
    )  # fmt: skip
    (plain,) = FixedSplit.parse("80:20").split(make_bars(rows=1_000).sessions)
    assert fold.test == plain.test, "choosing takes nothing from the test"
    for rows in (455, 1_227, 61):
        (fold,) = search_of().walk_forward.split(make_bars(rows=rows).sessions)
        assert fold.fit.stop - 1 + 1 <= fold.validation.start
        assert fold.validation.stop - 1 + 1 <= fold.test.start
        assert fold.test.stop == rows


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({}, True),
        ({"validation": 0.0}, True),
        ({"split": "68:12:20"}, True),
        ({"split": "70:30"}, False),
        ({"split": "70:15:15"}, False),
        ({"train_size": 300}, False),
    ],
)
def test_the_published_figures_stand_only_beside_fits_on_80_percent(given, shown):
    search = search_of(**given)
    assert search.s3_crossed and search.s3 is shown


def test_what_s3_leaves_open_may_be_crossed_with_its_grid():
    search = search_of(
        cross=(
            *(f"{name}={','.join(values)}" for name, values in S3_GRID.items()),
            "lookback=10,20",
            "convolutions=1,2",
        )
    )
    assert search.s3 and len(search.forecasters) == 1 + 4 * 54
    label = (
        "cnn:activation=tanh,architecture=3,batch_size=128,convolutions=1,filters=64,lookback=10"
    )
    made = search.forecasters[label]
    assert (made.convolutions, made.lookback) == (1, 10)
    variant = next(v for v in search.crossing.variants if v.label == label)
    assert published("cnn", variant.crossed) == PUBLISHED["3", "64", "128", "tanh"]
    assert not search_of(cross=("architecture=1,2", "convolutions=1,2")).s3_crossed


@pytest.mark.parametrize("given", [{}, {"train_size": 200, "step": 60}])
def test_each_second_fit_has_the_rows_before_its_test_and_the_settings_of_the_first(given):
    search = search_of(
        forecaster=("linear",), cross=("lookback=1,3",), features="ohlcv", seeds=2, **given
    )
    bars = make_bars(rows=400)
    fits = search.fits(bars)
    answers = {label: [fit.run() for fit in of_label] for label, of_label in fits.items()}
    refits = search.refits(fits, answers)
    assert list(refits) == list(fits), "a number in the store of fits means the same fit"
    for label, of_label in refits.items():
        for first, second in zip(fits[label], of_label, strict=True):
            (before,), (after,) = first.parts, second.parts
            assert before.fold.validation and not after.fold.validation
            assert after.fold.fit == range(after.fold.test.start)
            assert after.fold.test == before.fold.test
            assert (second.forecaster, second.seed) == (first.forecaster, first.seed)


def test_without_validation_rows_there_is_no_second_fit():
    search = search_of(forecaster=("linear",), cross=("lookback=1,3",), validation=0.0)
    assert search.refits(search.fits(make_bars(rows=400)), {}) == {}


@pytest.mark.parametrize(
    ("given", "shares"),
    [
        ({"split": "70:30"}, (60, 10, 30)),
        ({"split": "70:15:15"}, (70, 15, 15)),
        ({"validation": 0.25}, (60, 20, 20)),
        ({"validation": 0.0}, (80, 0, 20)),
    ],
)
def test_a_split_keeps_its_test_whatever_is_watched(given, shares):
    assert search_of(**given).walk_forward.shares == shares


def test_a_flag_of_the_walk_forward_takes_the_place_of_the_split():
    search = search_of(train_size=300)
    assert type(search.walk_forward) is WalkForward
    assert (search.walk_forward.train_size, search.walk_forward.validation) == (300, 0.15)
    assert type(search_of(expanding=False).walk_forward) is WalkForward
    assert type(search_of(step=20, split="80:20").walk_forward) is FixedSplit


def test_the_grid_of_s1_crosses_rate_batch_and_epochs():
    search = search_of(
        forecaster=("stacked_lstm",),
        cross=("learning_rate=0.001,0.01", "batch_size=32,64", "epochs=50,100"),
    )
    assert len(search.forecasters) == 1 + 8 and not search.s3
    made = search.forecasters["stacked_lstm:batch_size=64,epochs=50,learning_rate=0.01"]
    assert (made.batch_size, made.epochs, made.learning_rate) == (64, 50, 0.01)


def test_inputs_target_and_lookback_are_crossed_like_any_setting():
    search = search_of(
        cross=("features=ohlcv,ohlcv+indicators", "target=close,return", "lookback=10,20")
    )
    assert len(search.forecasters) == 1 + 8
    label = "cnn:features=ohlcv,lookback=10,target=return"
    assert search.forecasters[label].target == "return"
    bars = make_bars(rows=400)
    fits = search.fits(bars)
    wide = fits["cnn:features=ohlcv+indicators,lookback=10,target=return"][0].parts[0]
    narrow = fits[label][0].parts[0]
    assert (narrow.features.X.shape[1], wide.features.X.shape[1]) == (5, 15)
    assert narrow.fold == wide.fold, "all are judged on the same rows"
    named = {name: one["features"] for name, one in search.described["forecasters"].items()}
    assert named[label] == "ohlcv", "inputs enter the key"


def test_all_start_from_the_same_random_numbers_and_any_order_gives_the_same_fits():
    bars = make_bars(rows=400)
    one, other = (
        search_of(cross=cross, beside=("rnn",)).fits(bars)
        for cross in (("filters=4,8", "batch_size=32,64"), ("batch_size=64,32", "filters=8,4"))
    )
    assert list(one) == list(other), "a number in the store of fits means the same fit"
    draws = {fits[0].generator().random() for label, fits in one.items() if label.startswith("cnn")}
    assert len(draws) == 1
    assert all(fit.inside for fits in one.values() for fit in fits)


def test_a_field_that_only_some_have_is_crossed_there_and_it_is_said():
    crossing = cross(("cnn", "rnn"), parse_axes(["filters=4,8", "lookback=10,20"]), (), "ohlcv")
    labels = [v.label for v in crossing.variants]
    assert labels == [
        "naive",
        *(f"cnn:filters={f},lookback={n}" for f in (4, 8) for n in (10, 20)),
        "rnn:lookback=10",
        "rnn:lookback=20",
    ]
    assert crossing.partly == (PartlyCrossed("filters", ("cnn",), ("rnn",)),)
    (sentence,) = map(partly_sentence, crossing.partly)
    assert sentence == "filters is crossed for cnn only: rnn has no such setting."


def test_what_stands_in_the_grid_already_is_not_named_beside_it_again():
    """The crossed one stays: the heat map and the table look for its values."""
    crossing = cross(
        ("cnn",), parse_axes(["filters=4,8"]), ("cnn:filters=4", "naive", "rnn"), "ohlcv"
    )
    assert [(v.label, bool(v.crossed)) for v in crossing.variants] == [
        ("naive", False), ("cnn:filters=4", True), ("cnn:filters=8", True), ("rnn", False),
    ]  # fmt: skip


def test_a_users_file_is_crossed_under_its_name(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(
        "from dataclasses import dataclass\nfrom forecasters.models.rnn import RNN\n"
        "@dataclass(kw_only=True)\nclass Mine(RNN):\n    width: int = 3\n"
    )
    search = search_of(forecaster=(f"{path}:epochs=1",), cross=("width=2,5",))
    assert list(search.forecasters) == ["naive", "mine:epochs=1,width=2", "mine:epochs=1,width=5"]
    assert [f.width for label, f in search.forecasters.items() if label != "naive"] == [2, 5]
    assert [file for file, _ in search.files] == [path]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"cross": ("filtres=2,4",)}, "cnn has no such setting, did you mean 'filters'?"),
        ({"cross": ("filters",)}, "write field=value,value"),
        ({"cross": ("filters=2,",)}, "write field=value,value"),
        ({"cross": ("filters=2,2",)}, "has a value twice"),
        ({"cross": ("filters=2,4", "filters=8,16")}, "names filters twice"),
        ({"cross": ("filters=2,many",)}, "cnn:filters is 'many'; give int"),
        ({"cross": ("filters=2,02",)}, "'cnn:filters=2' and 'cnn:filters=02' are the same forecaster"),
        ({"cross": ("features=ohlc,ohlcv",)}, "did you mean 'ohlcv'?"),
        ({"cross": ("filters=2,4",), "forecaster": ("cnn:filters=8",)}, "sets filters, which --cross"),
        ({"cross": ("filters=2,4",), "forecaster": ("cnn", "rnn")}, "nothing of rnn to cross"),
        ({"cross": ("lookback=2,4",), "forecaster": ("naive",)}, "nothing of naive to cross"),
        ({"cross": ("epochs=2,4",), "epochs": 3}, "--epochs and --cross epochs=2,4 both"),
        ({"cross": ("features=ohlcv",), "features": "ohlcv"}, "--features and --cross"),
        ({"forecaster": ("linear",)}, "name what to cross"),
        ({"cross": ("filters=2,4",), "patience": 3, "forecaster": ("linear",)}, "linear has no such"),
        ({"ticker": ("A.KS", "B.KS")}, "searches on one ticker"),
        ({"split": "80:30"}, "70:30"),
    ],
)  # fmt: skip
def test_what_cannot_be_crossed_is_refused_with_what_to_do(given, words):
    with pytest.raises(InputError, match=re.escape(words)):
        search_of(**given)


def test_every_window_is_known_before_the_first_training_ends():
    with pytest.raises(
        InputError, match="cnn:lookback=300: no complete window of 300 sessions among the 204"
    ):
        search_of(cross=("lookback=20,300",)).fits(make_bars(rows=300))


def test_nothing_after_a_row_enters_what_is_known_before_the_test():
    """Without the bars' last sessions the folds before stay, and so does every forecast in them."""
    search = search_of(forecaster=("linear",), cross=("lookback=3,5",), train_size=200, step=50)
    bars = make_bars(rows=400)
    long, short = search.fits(bars), search.fits(bars.rows(slice(300)))
    for label, fits in short.items():
        assert len(fits) == 2 and len(long[label]) == 4
        for one, other in zip(fits, long[label], strict=False):
            np.testing.assert_array_equal(one.run().inside, other.run().inside)
