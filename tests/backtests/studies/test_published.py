"""What a page says of forecasters that a source published, beside the published settings."""

from __future__ import annotations

from dataclasses import dataclass

from backtests.report.sections.facts import published_sentence
from backtests.studies.plan import Plan
from backtests.studies.published import beside_presets
from forecasters.models.cnn import CNN
from forecasters.models.rnn import RNN
from forecasters.walk_forward import WalkForward


def sentences(features, **forecasters):
    plan = Plan(forecasters, {}, WalkForward(), features, (0,))
    return [published_sentence(beside) for beside in beside_presets(plan)]


def test_the_cnn_of_a_run_says_how_it_differs_from_s3s_best():
    (text,) = sentences("ohlcv", cnn=CNN(), rnn=RNN())
    assert text == (
        "cnn is not S3's best CNN (table 11): filters 64 where that has 256 and features ohlcv where that has "
        "ohlcv+indicators; as published it is --forecaster cnn:preset=s3 --features ohlcv+indicators --split 80:20"
    )


def test_the_published_settings_are_called_so_and_missing_inputs_are_named():
    best = CNN(**CNN.presets["s3"].settings)
    (text,) = sentences("ohlcv+indicators", best=best)
    assert text.startswith("best has the settings and inputs of S3's best CNN (table 11)")
    (text,) = sentences("ohlcv", best=best)
    assert "features ohlcv where that has ohlcv+indicators" in text and "filters" not in text


def test_a_class_of_a_user_that_inherits_from_ours_is_another_forecaster():
    @dataclass(kw_only=True)
    class Mine(CNN):
        width: int = 3

    assert sentences("ohlcv", mine=Mine()) == []
