"""Each network is the one its source describes, learns, and says so when it cannot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from forecasters.engines.torch import predict
from forecasters.errors import Error, InputError
from forecasters.layers import LastStep, SoftsignLSTM, SwapAxes
from forecasters.models.cnn import CNN
from forecasters.models.cnn_lstm import CNNLSTM
from forecasters.models.gru import GRU
from forecasters.models.lstm import LSTM
from forecasters.models.naive import Naive
from forecasters.models.rnn import RNN
from forecasters.models.stacked_lstm import StackedLSTM
from forecasters.neural import NeuralForecaster
from forecasters.preparation.windows import Windows

MakeWindows = Callable[..., Windows]


def trainable(network: nn.Module) -> int:
    """Return the number of weights that Keras would have: the second bias is none of them."""
    return sum(p.numel() for n, p in network.named_parameters() if "bias_hh" not in n)


# --- the sources, number by number ---------------------------------------------------------------


def test_the_stacked_lstm_is_that_of_s1() -> None:
    forecaster = StackedLSTM()
    assert forecaster.get_params() == {
        "lookback": 5,
        "target": "close",
        "scaler": "minmax",
        "clip": None,
        "reduction": "pca",
        "components": None,
        "pooled": False,
        "epochs": 100,
        "batch_size": 32,
        "learning_rate": 1e-3,
        "loss": "mse",
        "patience": None,
        "engine": "auto",
        "device": "cpu",
        "layers": 3,
        "hidden": 50,
    }
    network = forecaster.build(channels=5, lookback=5)
    assert [type(layer) for layer in network] == [nn.LSTM, LastStep, nn.Linear]  # type: ignore[attr-defined]
    lstm = network[0]  # type: ignore[index]
    assert (lstm.input_size, lstm.hidden_size, lstm.num_layers) == (5, 50, 3)
    assert lstm.dropout == 0 and not lstm.bidirectional and lstm.batch_first
    # Keras's summary of LSTM(50) x 3 and Dense(1) on 5 inputs, four gates of H (C + H + 1):
    assert trainable(network) == 4 * 50 * 56 + 2 * (4 * 50 * 101) + 51 == 51_651


def test_the_rnn_is_that_of_s3() -> None:
    p = RNN().get_params()
    assert (p["hidden"], p["lookback"], p["epochs"], p["batch_size"]) == (50, 20, 50, 64)
    assert (p["learning_rate"], p["loss"], p["target"], p["scaler"]) == (
        1e-3,
        "mse",
        "close",
        "minmax",
    )
    network = RNN().build(channels=5, lookback=20)
    assert [type(layer) for layer in network] == [nn.RNN, LastStep, nn.Linear]  # type: ignore[attr-defined]
    assert network[0].nonlinearity == "tanh"  # type: ignore[index]
    assert trainable(network) == 50 * (5 + 50 + 1) + 51 == 2_851


def test_the_cnn_is_the_second_architecture_of_s3() -> None:
    p = CNN().get_params()
    assert (p["filters"], p["activation"], p["batch_size"], p["epochs"]) == (64, "relu", 64, 50)
    assert (p["lookback"], p["learning_rate"], p["loss"], p["scaler"]) == (
        20,
        1e-3,
        "mse",
        "minmax",
    )
    network = CNN().build(channels=5, lookback=20)
    assert [type(layer) for layer in network] == [  # type: ignore[attr-defined]
        SwapAxes,
        nn.Conv1d,
        nn.ReLU,
        nn.Conv1d,
        nn.ReLU,
        nn.MaxPool1d,
        nn.Flatten,
        nn.Linear,
    ]
    pool = network[5]  # type: ignore[index]
    assert (pool.kernel_size, pool.stride) == (3, 3)
    # 20 sessions -> 18 -> 16 -> pooled by 3: 5
    assert network[7].in_features == 64 * 5  # type: ignore[index]
    first, second = 64 * (5 * 3 + 1), 64 * (64 * 3 + 1)
    assert trainable(network) == first + second + 64 * 5 + 1 == 13_697
    assert network(torch.zeros(7, 20, 5)).shape == (7, 1)


@pytest.mark.parametrize(
    ("architecture", "kinds", "inputs"),
    [
        (1, [nn.Flatten, nn.Linear], 16),
        (2, [nn.MaxPool1d, nn.Flatten, nn.Linear], 5),
        (3, [nn.MaxPool1d, nn.Dropout, nn.Flatten, nn.Linear], 5),
    ],
)
def test_the_three_architectures_of_s3(architecture: int, kinds: list[type], inputs: int) -> None:
    network = CNN(architecture=architecture, filters=8).build(channels=5, lookback=20)
    assert [type(layer) for layer in network][5:] == kinds  # type: ignore[attr-defined]
    assert network[-1].in_features == 8 * inputs  # type: ignore[index]


def test_the_lstm_of_s2_takes_a_thousand_steps_of_all_rows(windows_of: MakeWindows) -> None:
    p = LSTM().get_params()
    assert (p["lookback"], p["scaler"], p["activation"], p["dropout"]) == (
        5,
        "together",
        "softsign",
        0.3,
    )
    assert (p["epochs"], p["batch_size"], p["learning_rate"], p["loss"]) == (
        1000,
        None,
        0.01,
        "rmse",
    )
    network = LSTM().build(channels=5, lookback=5)
    assert trainable(network) == 4 * 50 * (5 + 50 + 1) + 51  # the LSTM of one bias
    steps: list[int] = []
    windows = windows_of(40)
    forecaster = LSTM(epochs=7, hidden=3, engine="torch")

    class Counting(torch.optim.Adam):
        def step(self, closure: Any = None) -> Any:
            steps.append(1)
            return super().step(closure)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.optim, "Adam", Counting)
        forecaster.fit(windows, windows, np.random.default_rng(0))
    assert len(steps) == len(forecaster.train_loss_) == 7


def test_the_softsign_lstm_computes_what_its_equations_say() -> None:
    layer = SoftsignLSTM(channels=2, hidden=3).double()
    rng = np.random.default_rng(3)
    with torch.no_grad():
        for weight in layer.parameters():
            weight.copy_(torch.from_numpy(rng.normal(size=tuple(weight.shape))))
    W, U, b = (p.detach().numpy() for p in layer.parameters())
    x = rng.normal(size=(4, 5, 2))
    h = c = np.zeros((4, 3))

    def sigmoid(z: Any) -> Any:
        return 1 / (1 + np.exp(-z))

    def softsign(z: Any) -> Any:
        return z / (1 + np.abs(z))

    for t in range(5):
        i, f, g, o = np.split(x[:, t] @ W.T + h @ U.T + b, 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * softsign(g)
        h = sigmoid(o) * softsign(c)
    outputs, last = layer(torch.from_numpy(x))
    assert np.allclose(last.detach().numpy(), h, atol=1e-12)
    assert torch.equal(outputs[:, -1], last)


def test_dropout_draws_its_masks_from_the_seed_of_the_fit(windows_of: MakeWindows) -> None:
    windows = windows_of(40)
    losses = []
    for seed in (0, 0, 1):
        torch.rand(17)  # the global generator has moved on, which must not matter
        forecaster = LSTM(epochs=5, hidden=3).fit(windows, windows, np.random.default_rng(seed))
        losses.append(forecaster.train_loss_.tolist())
    assert losses[0] == losses[1] != losses[2]


@pytest.mark.parametrize("lookback", [7, 8, 9, 10, 25])
def test_the_cnn_takes_every_lookback_from_seven_on(lookback: int) -> None:
    network = CNN(lookback=lookback, filters=4, activation="tanh").build(
        channels=5, lookback=lookback
    )
    assert network(torch.zeros(2, lookback, 5)).shape == (2, 1)


def test_adam_is_kerass(monkeypatch: pytest.MonkeyPatch, windows_of: MakeWindows) -> None:
    """Keras: rate 0.001, betas 0.9 and 0.999, epsilon 1e-7 (that of torch is 1e-8), no decay."""
    seen: list[dict[str, Any]] = []

    class Spy(torch.optim.Adam):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            seen.append(self.defaults)

    monkeypatch.setattr(torch.optim, "Adam", Spy)
    windows = windows_of(8)
    StackedLSTM(epochs=1, hidden=2, engine="torch").fit(windows, windows, np.random.default_rng(0))
    (given,) = seen
    assert (given["lr"], given["betas"], given["eps"]) == (1e-3, (0.9, 0.999), 1e-7)
    assert given["weight_decay"] == 0 and not given["amsgrad"]


@pytest.mark.parametrize(
    "forecaster", [StackedLSTM(), RNN(), CNN(), LSTM(), GRU(), CNNLSTM()], ids=lambda f: f.name
)
def test_at_full_size_no_answer_changes_when_rows_join(
    forecaster: NeuralForecaster, windows_of: MakeWindows
) -> None:
    """The contract tests run small networks, whose matrix products may round in another way."""
    X = windows_of(70, lookback=forecaster.lookback).X
    torch.manual_seed(0)
    network = forecaster.build(5, forecaster.lookback).eval()
    every = predict(network, X)
    for count in (1, 40, 65):
        assert predict(network, X[:count]).tobytes() == every[:count].tobytes()


# --- learning ------------------------------------------------------------------------------------

LEARNERS: dict[str, NeuralForecaster] = {
    "stacked_lstm": StackedLSTM(hidden=24, layers=2, epochs=500, learning_rate=0.01),
    "rnn": RNN(hidden=32, lookback=5, epochs=500, learning_rate=0.01, batch_size=32),
    "cnn": CNN(filters=32, lookback=10, epochs=250, learning_rate=0.01, batch_size=32),
    "cnn-1": CNN(architecture=1, filters=16, lookback=8, epochs=250, learning_rate=0.01),
    "cnn-3": CNN(
        architecture=3, dropout=0.0, filters=32, lookback=10, epochs=250, learning_rate=0.01
    ),
    "rnn-softsign": RNN(
        activation="softsign", hidden=32, lookback=5, epochs=500, learning_rate=0.01, batch_size=32
    ),
    "lstm": LSTM(dropout=0.0, hidden=32, batch_size=32, loss="mse", epochs=400),
    "gru": GRU(hidden=32, epochs=400, learning_rate=0.01),
    "cnn_lstm": CNNLSTM(
        filters=8, hidden=32, lookback=8, epochs=400, learning_rate=0.01, batch_size=32
    ),
    "cnn-tanh": CNN(filters=32, lookback=10, epochs=250, learning_rate=0.01, activation="tanh"),
}


@pytest.mark.parametrize("name", LEARNERS)
def test_a_network_can_learn_64_windows_by_heart(name: str, windows_of: MakeWindows) -> None:
    """A network that cannot is miswired: a dead layer, a wrong axis, a label of another row."""
    forecaster = LEARNERS[name]
    windows = windows_of(64, lookback=forecaster.lookback)
    forecaster.fit(windows, windows, np.random.default_rng(1))
    spread = windows.y.var()
    assert forecaster.train_loss_[-1] < 0.02 * spread
    assert forecaster.train_loss_[-1] < 0.1 * forecaster.train_loss_[0]
    error = forecaster.predict(windows) - windows.y
    assert (error**2).mean() < 0.02 * spread
    assert forecaster.validation_loss_[-1] == pytest.approx((error**2).mean(), rel=1e-3)


@pytest.mark.parametrize("name", LEARNERS)
def test_it_says_that_the_learning_rate_is_too_high(name: str, windows_of: MakeWindows) -> None:
    settings = LEARNERS[name].get_params() | {"learning_rate": 1e36, "epochs": 20}
    forecaster = type(LEARNERS[name])(**settings)
    windows = windows_of(64, lookback=forecaster.lookback)
    with pytest.raises(Error, match=r"lower --learning-rate \(it is 1e\+36\)"):
        forecaster.fit(windows, windows, np.random.default_rng(0))


@pytest.mark.parametrize("name", LEARNERS)
def test_a_forecast_before_the_fit_is_refused(name: str, windows_of: MakeWindows) -> None:
    settings = LEARNERS[name].get_params()
    forecaster = type(LEARNERS[name])(**settings)
    with pytest.raises(
        InputError, match=f"{forecaster.name} .*before it was fitted: call fit first"
    ):
        forecaster.predict(windows_of(3, lookback=forecaster.lookback))


def test_rmse_with_nothing_left_to_learn_is_no_error(windows_of: MakeWindows) -> None:
    """The slope of a root at zero is infinite; a batch fitted exactly must not end the run."""
    base = windows_of(16)
    still = Windows(np.zeros_like(base.X), np.zeros(16), base.last_close, base.as_of)
    forecaster = RNN(lookback=5, hidden=4, epochs=2, loss="rmse")
    forecaster.fit(still, still, np.random.default_rng(0))
    assert (forecaster.predict(still) == 0).all()


# --- settings ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cls", "setting", "match"),
    [
        (CNN, {"lookback": 6}, "lookback 6.* needs at least 7"),
        (CNN, {"activation": "gelu"}, "activation 'gelu'; known: relu, tanh"),
        (RNN, {"epochs": 0}, "epochs 0"),
        (RNN, {"batch_size": -1}, "batch_size -1"),
        (RNN, {"learning_rate": 0.0}, "learning_rate 0"),
        (RNN, {"learning_rate": float("nan")}, "learning_rate nan"),
        (RNN, {"loss": "mae"}, "loss 'mae'; known: mse, rmse"),
        (RNN, {"target": "volume"}, "rnn: target is 'volume'; known: close, return"),
        (RNN, {"lookback": 0}, "rnn has lookback 0"),
        (RNN, {"scaler": "min-max"}, "rnn: scaler is 'min-max', did you mean 'minmax'"),
        (RNN, {"hidden": 0}, "hidden 0"),
        (StackedLSTM, {"hidden": 0}, "hidden 0"),
        (StackedLSTM, {"layers": 0}, "layers 0"),
        (CNN, {"filters": 0}, "filters 0"),
    ],
)
def test_a_setting_that_cannot_be_is_refused_when_it_is_given(
    cls: type[NeuralForecaster], setting: dict[str, Any], match: str
) -> None:
    """Not minutes later, by torch, after the bars were fetched."""
    with pytest.raises(InputError, match=match):
        cls(**setting)


def test_names_are_those_of_the_files() -> None:
    assert [f.name for f in (StackedLSTM(), RNN(), CNN(), Naive())] == [
        "stacked_lstm",
        "rnn",
        "cnn",
        "naive",
    ]


@pytest.mark.parametrize("setting", [{"target": "close"}, {"scaler": "standard"}])
def test_naive_refuses_to_be_anything_else(setting: dict[str, Any]) -> None:
    """Through a fitted scaler, its zero would be the mean return: no longer today's close."""
    with pytest.raises(InputError, match=r"naive has target .* it allows only"):
        Naive(**setting)
