"""The part of a configuration that says what is forecast: bars, forecasters, folds, training."""

from __future__ import annotations

from dataclasses import dataclass

from backtests.command.flag import EVERY, RUN, SEARCH, Part, flag

#: The largest size that the kernels take (int32).
WHOLE = 2**31 - 1


@dataclass(frozen=True, kw_only=True)
class ForecastFields:
    """Every value behind a forecast. None means: the default of the forecaster."""

    ticker: tuple[str, ...] = flag(
        (), "one or more tickers, as Yahoo writes them (051900.KS)", part=Part.BARS, commands=EVERY
    )
    universe: str | None = flag(
        None,
        "a file with a ticker a line, instead of --ticker: one account for all of them",
        part=Part.BARS,
        commands=RUN,
        none="none: an account for each ticker",
    )
    largest: int | None = flag(
        None,
        "of a universe, buy only the N largest by trailing traded value (default: all)",
        part=Part.BARS,
        commands=RUN,
        least=1,
        none="all",
    )
    start: str | None = flag(
        None,
        "first date of the bars (default: New Year ten years before --end, or the first bar of a file)",
        part=Part.BARS,
        commands=EVERY,
    )
    end: str | None = flag(
        None, "date before which the bars end (default: today)", part=Part.BARS, commands=EVERY
    )
    source: str = flag(
        "auto",
        "where bars come from (`backtests list sources` names the choices)",
        part=Part.BARS,
        commands=EVERY,
    )
    data_dir: str | None = flag(
        None,
        "folder of <ticker>.csv or .parquet; implies --source csv",
        part=Part.BARS,
        commands=EVERY,
        none="none",
    )
    adjust: str = flag(
        "splits",
        "what prices are adjusted for",
        part=Part.BARS,
        commands=EVERY,
        choices=("splits", "all", "none"),
    )
    repair: tuple[str, ...] = flag(
        (),
        "repair closes that no market allows: splits (by the ratio that each fits), or a line such as "
        "'263750.KS prices x1/5 before 2021-04-16'",
        part=Part.BARS,
        commands=EVERY,
        none="nothing",
    )
    as_is: bool = flag(
        False,
        "go on with closes that no market allows, and mark every figure",
        part=Part.BARS,
        commands=EVERY,
    )
    strict: bool = flag(
        False,
        "of a universe, end at the first ticker with a close that no market allows",
        part=Part.BARS,
        commands=RUN,
    )
    missing: str = flag(
        "drop",
        "rows of a file with a missing price: left out, or filled with the last close, without trade",
        part=Part.BARS,
        commands=EVERY,
        choices=("drop", "fill"),
    )
    forecaster: tuple[str, ...] = flag(
        ("stacked_lstm", "rnn", "cnn", "stacked_lstm:target=return"),
        "names, names with settings (cnn:filters=64) or files (./my_gru.py); naive always runs too",
        part=Part.FORECASTERS,
        commands=EVERY,
    )
    features: str = flag(
        "ohlcv",
        "inputs of the forecasters",
        part=Part.FORECASTERS,
        commands=EVERY,
        choices=("ohlcv", "ohlcv+indicators", "ohlcv+indicators-d3"),
    )
    extra: tuple[str, ...] = flag(
        (),
        "files (.csv, .parquet) of further inputs: date, known_at, numbers, perhaps ticker",
        part=Part.FORECASTERS,
        commands=EVERY,
    )
    target: str | None = flag(
        None,
        "what is learned: close or return (default: the forecaster's)",
        part=Part.FORECASTERS,
        commands=EVERY,
        setting_of="forecaster",
    )
    lookback: int | None = flag(
        None,
        "sessions in a window (default: the forecaster's)",
        part=Part.FORECASTERS,
        commands=EVERY,
        least=1,
        most=WHOLE,
        setting_of="forecaster",
    )
    clip: float | None = flag(
        None,
        "set inputs beyond this robust score back to it (default: outliers are only counted)",
        part=Part.FORECASTERS,
        commands=EVERY,
        above=0,
        none="no clipping",
        setting_of="forecaster",
    )
    components: int | None = flag(
        None,
        "reduce the inputs to this number of components (default: no reduction)",
        part=Part.FORECASTERS,
        commands=EVERY,
        least=1,
        most=WHOLE,
        none="all",
        setting_of="forecaster",
    )
    reduction: str | None = flag(
        None,
        "how the inputs are reduced: pca or svd (default pca)",
        part=Part.FORECASTERS,
        commands=EVERY,
        setting_of="forecaster",
    )
    horizon: int = flag(
        1,
        "sessions from a close to the close that is forecast",
        part=Part.WALK_FORWARD,
        commands=EVERY,
        least=1,
        most=WHOLE,
    )
    train_size: int = flag(
        504,
        "sessions before the first forecast",
        part=Part.WALK_FORWARD,
        commands=EVERY,
        least=2,
        most=WHOLE,
    )
    step: int = flag(
        126,
        "sessions that one training serves",
        part=Part.WALK_FORWARD,
        commands=EVERY,
        least=1,
        most=WHOLE,
    )
    expanding: bool = flag(
        True,
        "train on all history (this is the default)",
        part=Part.WALK_FORWARD,
        commands=EVERY,
        opposite=("rolling", "train on the last --train-size sessions only"),
    )
    purge: int = flag(
        0,
        "sessions left out between training and test",
        part=Part.WALK_FORWARD,
        commands=EVERY,
        least=0,
        most=WHOLE,
    )
    split: str | None = flag(
        None,
        "one fixed split as in the sources, instead of a walk-forward: 70:30, 80:20, 70:15:15",
        part=Part.WALK_FORWARD,
        commands=EVERY,
        none="none: a walk-forward",
    )
    validation: float = flag(
        15 / 85,
        "newest share of the training sessions, watched only",
        part=Part.WALK_FORWARD,
        commands=EVERY,
        least=0,
        below=1,
        unit="(a share: 0.15 is 15%)",
    )
    epochs: int | None = flag(
        None,
        "passes through the training windows (default: the forecaster's)",
        part=Part.TRAINING,
        commands=EVERY,
        least=1,
        most=1_000_000,
        setting_of="forecaster",
    )
    batch_size: int | None = flag(
        None,
        "windows in one training step (default: the forecaster's)",
        part=Part.TRAINING,
        commands=EVERY,
        least=1,
        most=WHOLE,
        none="all windows",
        setting_of="forecaster",
    )
    learning_rate: float | None = flag(
        None,
        "step size of the optimiser (default: the forecaster's)",
        part=Part.TRAINING,
        commands=EVERY,
        above=0,
        setting_of="forecaster",
    )
    patience: int | None = flag(
        None,
        "stop after this number of epochs without a better validation loss (default: never)",
        part=Part.TRAINING,
        commands=EVERY,
        least=1,
        most=1_000_000,
        none="never",
        setting_of="forecaster",
    )
    seed: int = flag(0, "first seed", part=Part.TRAINING, commands=SEARCH, least=0, most=10**15)
    seeds: int = flag(
        3,
        "number of seeds; their mean forecast is judged and traded",
        part=Part.TRAINING,
        commands=SEARCH,
        least=1,
        most=10_000,
    )
    engine: str | None = flag(
        None,
        "what trains the networks: the compiled kernels, or torch (default auto: the kernels where they can)",
        part=Part.MACHINE,
        commands=EVERY,
        choices=("auto", "native", "torch"),
        setting_of="forecaster",
    )
    device: str | None = flag(
        None,
        "where the torch engine trains (default cpu)",
        part=Part.MACHINE,
        commands=EVERY,
        choices=("cpu", "cuda"),
        setting_of="forecaster",
    )
    jobs: int | None = flag(
        None,
        "fits at once, in threads or processes (default: one for each core)",
        part=Part.MACHINE,
        commands=EVERY,
        least=1,
        most=1024,
    )
    store: str | None = flag(
        None,
        "folder that keeps every trained fit for all runs, or none (default: in the user's cache folder)",
        part=Part.MACHINE,
        commands=SEARCH,
        none="the user's own",
    )
    out: str = flag("runs", "folder of the run folders", part=Part.OUTPUT, commands=SEARCH)
