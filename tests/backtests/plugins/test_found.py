"""Names, settings, files: what a user writes after --forecaster and --strategy."""

import re

import pytest

from backtests import plugins
from backtests.plugins import FORECASTERS, SOURCES, STRATEGIES
from forecasters.errors import InputError


@pytest.mark.parametrize(
    ("text", "name", "settings", "label"),
    [
        ("cnn", "cnn", {}, "cnn"),
        ("cnn:filters=64", "cnn", {"filters": "64"}, "cnn:filters=64"),
        (
            "cnn:filters=64,activation=tanh",
            "cnn",
            {"filters": "64", "activation": "tanh"},
            "cnn:activation=tanh,filters=64",
        ),
        ("rnn:batch-size=8", "rnn", {"batch_size": "8"}, "rnn:batch_size=8"),
    ],
)
def test_a_name_with_settings(text, name, settings, label):
    named = plugins.parse(text)
    assert (named.name, dict(named.settings), named.label) == (name, settings, label)


def test_settings_are_converted_to_the_types_of_their_fields():
    cnn = plugins.make(FORECASTERS, plugins.parse("cnn:filters=8,learning_rate=0.01,target=return"))
    assert (cnn.filters, cnn.learning_rate, cnn.target) == (8, 0.01, "return")
    rule = plugins.make(STRATEGIES, plugins.parse("five_percent:max_hold=3,stop_loss=0.1"))
    assert (rule.max_hold, rule.stop_loss) == (3, 0.1)
    literal = plugins.make(STRATEGIES, plugins.parse("five_percent:max_hold=none"), {"max_hold": 5})
    assert literal.max_hold is None


def test_a_flag_is_a_default_that_a_setting_overrides():
    fast = {"epochs": 3, "threshold": 0.01}
    assert plugins.make(FORECASTERS, plugins.parse("rnn"), fast).epochs == 3
    assert plugins.make(FORECASTERS, plugins.parse("rnn:epochs=7"), fast).epochs == 7


@pytest.mark.parametrize(
    ("kind", "text", "words"),
    [
        (FORECASTERS, "stacked_lstn", "did you mean 'stacked_lstm'"),
        (FORECASTERS, "base", "no forecaster 'base'"),
        (STRATEGIES, "rule", "no strategy 'rule'"),
        (SOURCES, "snapshots", "no source 'snapshots'"),
        (FORECASTERS, "rnn:epochs", "name:key=value"),
        (FORECASTERS, "rnn:epoch=3", "did you mean 'epochs'"),
        (FORECASTERS, "rnn:epochs=3.5", "int"),
        (FORECASTERS, "rnn:epochs=0", "above 0"),
        (FORECASTERS, "naive:target=close", "naive"),
        (STRATEGIES, "five_percent:threshold=-1", "threshold"),
    ],
)
def test_a_misspelt_name_or_setting_says_what_to_do(kind, text, words):
    with pytest.raises(InputError, match=words):
        plugins.make(kind, plugins.parse(text))


def test_what_can_be_named_is_found_without_a_list_to_edit():
    assert {"naive", "stacked_lstm", "rnn", "cnn"} <= set(plugins.names(FORECASTERS))
    rules = ["buy_and_hold", "direction", "five_percent", "quantile", "rank", "sma_cross"]
    assert plugins.names(STRATEGIES) == rules
    assert plugins.names(SOURCES) == ["auto", "bundled", "csv", "simulated", "yahoo"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = 1\n", "no class that is a forecaster"),
        ("import no_such_module\n", "failed to import: ModuleNotFoundError"),
        (
            "from forecasters.models.rnn import RNN\nclass A(RNN): pass\nclass B(RNN): pass\n",
            "2 classes",
        ),
    ],
)
def test_a_file_that_is_no_plugin_says_why(tmp_path, text, words):
    (tmp_path / "mine.py").write_text(text)
    with pytest.raises(InputError, match=words):
        plugins.load(FORECASTERS, plugins.parse(str(tmp_path / "mine.py")))


def test_a_file_keeps_its_own_name_and_a_changed_file_is_loaded_anew(tmp_path):
    path = tmp_path / "mine.py"
    text = "from dataclasses import dataclass\nfrom forecasters.models.rnn import RNN\n"
    path.write_text(text + "@dataclass(kw_only=True)\nclass Mine(RNN):\n    hidden: int = 7\n")
    first = plugins.make(FORECASTERS, plugins.parse(str(path)))
    path.write_text(text + "@dataclass(kw_only=True)\nclass Mine(RNN):\n    hidden: int = 9\n")
    second = plugins.make(FORECASTERS, plugins.parse(f"{path}:epochs=2"))
    assert (first.name, first.hidden, second.hidden, second.epochs) == ("mine", 7, 9, 2)


def test_a_preset_stands_for_its_settings_and_others_stand_beside_it():
    best = plugins.make(FORECASTERS, plugins.parse("cnn:preset=s3"), {"batch_size": 8, "epochs": 3})
    assert (best.architecture, best.filters, best.batch_size, best.activation) == (
        2,
        256,
        64,
        "relu",
    )
    assert best.epochs == 3, "a flag changes what the preset does not name"
    other = plugins.make(FORECASTERS, plugins.parse("cnn:preset=s3,epochs=7,lookback=10"))
    assert (other.filters, other.epochs, other.lookback) == (256, 7, 10)
    plain = plugins.make(FORECASTERS, plugins.parse("cnn:filters=256,batch_size=64"))
    assert (
        plain.get_params() == plugins.make(FORECASTERS, plugins.parse("cnn:preset=s3")).get_params()
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("cnn:preset=s33", "cnn has no preset 's33', did you mean 's3'?"),
        ("cnn:preset=best", "cnn has no preset 'best'; known: s3"),
        ("cnn:preset=s3,filters=64", "the preset s3 sets filters to 256; leave filters out"),
        ("rnn:preset=s3", "rnn has no setting 'preset'"),
    ],
)
def test_a_preset_that_cannot_be_is_refused(text, words):
    with pytest.raises(InputError, match=re.escape(words)):
        plugins.make(FORECASTERS, plugins.parse(text))
