"""The torch engine: what it minimises, and answers that depend on nothing but the fit."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from forecasters.engines.torch import CHUNK, Schedule, Trained, alone, predict, train
from forecasters.errors import Error, InputError
from forecasters.layers import LastStep, SwapAxes
from forecasters.preparation.windows import Windows

MakeWindows = Callable[..., Windows]

#: Convolutions of 50 filters (not of 64) round differently on two threads.
NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "lstm": lambda: nn.Sequential(nn.LSTM(5, 32, batch_first=True), LastStep(), nn.Linear(32, 1)),
    "rnn": lambda: nn.Sequential(nn.RNN(5, 32, batch_first=True), LastStep(), nn.Linear(32, 1)),
    "cnn": lambda: nn.Sequential(
        SwapAxes(),
        nn.Conv1d(5, 50, 3),
        nn.ReLU(),
        nn.Conv1d(50, 50, 3),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(50 * 16, 1),
    ),
    "linear": lambda: nn.Sequential(nn.Flatten(), nn.Linear(100, 1)),
}


def run(
    build: Callable[[], nn.Module],
    fit: Windows,
    watched: Windows,
    epochs: int = 3,
    **schedule: object,
) -> Trained:
    given = {"batch_size": 32, "learning_rate": 1e-3} | schedule
    return train(build, fit, watched, Schedule(epochs, **given), np.random.default_rng(0))  # type: ignore[arg-type]


def bits(network: nn.Module) -> bytes:
    return b"".join(p.detach().numpy().tobytes() for p in network.parameters())


@contextmanager
def threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
        assert torch.get_num_threads() == count, "the user's number of threads was not put back"
    finally:
        torch.set_num_threads(before)


# --- threads -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NETWORKS)
def test_the_users_threads_change_no_bit_and_are_put_back(
    name: str, windows_of: MakeWindows
) -> None:
    windows = windows_of(96, lookback=20)
    answers = []
    for count in (1, 2):
        with threads(count):
            made = run(NETWORKS[name], windows, windows)
            answer = predict(made.network, windows.X)
        losses = made.train_loss.tobytes() + made.validation_loss.tobytes()
        answers.append((bits(made.network), losses, answer.tobytes()))
    assert answers[0] == answers[1]


def test_one_thread_is_what_runs(windows_of: MakeWindows) -> None:
    seen = []

    class Spy(nn.Linear):
        def forward(self, x: Tensor) -> Tensor:
            seen.append(torch.get_num_threads())
            return super().forward(x)

    windows = windows_of(8)
    with threads(2):
        made = run(lambda: nn.Sequential(nn.Flatten(), Spy(25, 1)), windows, windows)
        predict(made.network, windows.X)
    assert set(seen) == {1}


# --- answers -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("count", [1, 31, CHUNK - 1, CHUNK, CHUNK + 1])
def test_an_answer_does_not_change_when_later_rows_join_it(
    name: str, count: int, windows_of: MakeWindows
) -> None:
    """Tomorrow's row makes the batch longer; a matrix product of another shape may round otherwise."""
    windows = windows_of(2 * CHUNK + 3, lookback=20)
    network = run(NETWORKS[name], windows, windows, epochs=1).network
    every = predict(network, windows.X)
    assert every.shape == (2 * CHUNK + 3,) and every.dtype == np.float64
    assert predict(network, windows.X[:count]).tobytes() == every[:count].tobytes()
    other = windows.X.copy()
    other[count:] = 1e6
    assert predict(network, other)[:count].tobytes() == every[:count].tobytes()


def test_no_windows_no_answers(windows_of: MakeWindows) -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(25, 1))
    assert predict(network, windows_of(3).X[:0]).shape == (0,)


def test_every_input_is_aligned_alike(windows_of: MakeWindows) -> None:
    """Matrix libraries promise the same bits only for arrays aligned alike; malloc does not."""
    seen = []

    class Spy(nn.Linear):
        def forward(self, x: Tensor) -> Tensor:
            seen.append(x.data_ptr() % 64)
            return super().forward(x)

    kept = []  # what stays allocated moves what comes after it
    for count in range(1, 40):
        windows = windows_of(count, lookback=1, channels=5)
        made = run(lambda: nn.Sequential(nn.Flatten(), Spy(5, 1)), windows, windows, epochs=1)
        predict(made.network, windows.X)
        kept.append(np.ones(count))
    assert len(set(seen)) == 1, f"inputs lie at {sorted(set(seen))} bytes past a cache line"


def test_dropout_sleeps_in_predictions(windows_of: MakeWindows) -> None:
    windows = windows_of(20)
    build = lambda: nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(25, 1))  # noqa: E731
    made = run(build, windows, windows)
    w, b = (p.detach().numpy().astype(np.float64) for p in made.network.parameters())
    expected = windows.X.reshape(20, 25) @ w[0] + b
    np.testing.assert_allclose(predict(made.network, windows.X), expected, atol=1e-5)


# --- what is minimised ---------------------------------------------------------------------------


def adam(
    X: np.ndarray, y: np.ndarray, w: np.ndarray, order: list[np.ndarray], lr: float, loss: str
) -> list[float]:
    """Return the losses by epoch of Adam on y = Xw, in float64 from its definition.

    Kingma and Ba 2015, algorithm 1, full batches.
    """
    m, v, losses = np.zeros_like(w), np.zeros_like(w), []
    for step, rows in enumerate(order, start=1):
        error = X[rows] @ w - y[rows]
        value = (error**2).mean()
        gradient = 2 * X[rows].T @ error / len(rows)
        if loss == "rmse":
            gradient, value = gradient / (2 * np.sqrt(value)), np.sqrt(value)
        losses.append(value)
        m = 0.9 * m + 0.1 * gradient
        v = 0.999 * v + 0.001 * gradient**2
        w = w - lr * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.999**step)) + 1e-7)
    return losses


@pytest.mark.parametrize("loss", ["mse", "rmse"])
def test_training_is_adam_on_that_loss(loss: str, windows_of: MakeWindows) -> None:
    """Against an independent few lines: catches a wrong loss, rate, epsilon or a lost step."""
    windows = windows_of(24, lookback=1)

    class Zero(nn.Linear):
        def __init__(self) -> None:
            super().__init__(5, 1, bias=False)
            with torch.no_grad():
                self.weight.zero_()

        def forward(self, x: Tensor) -> Tensor:
            return super().forward(x.flatten(1))

    made = run(Zero, windows, windows, epochs=30, batch_size=24, learning_rate=0.05, loss=loss)
    X, y = windows.X[:, 0], windows.y
    expected = adam(X, y, np.zeros(5), [np.arange(24)] * 31, 0.05, loss)
    np.testing.assert_allclose(made.train_loss, expected[:-1], rtol=2e-5)
    # The watched loss is that of the same windows after the epoch, so it is one step further.
    np.testing.assert_allclose(made.validation_loss, expected[1:], rtol=2e-5)


def test_every_row_is_seen_once_an_epoch_in_another_order(windows_of: MakeWindows) -> None:
    rows: list[list[float]] = []

    class Spy(nn.Linear):
        def forward(self, x: Tensor) -> Tensor:
            if self.training:
                rows.append(x[:, 0].tolist())
            return super().forward(x)

    windows = windows_of(20)
    run(lambda: nn.Sequential(nn.Flatten(), Spy(25, 1)), windows, windows, batch_size=8)
    assert [len(batch) for batch in rows] == [8, 8, 4] * 3
    epochs = [[*rows[k], *rows[k + 1], *rows[k + 2]] for k in (0, 3, 6)]
    everything = sorted(windows.X[:, 0, 0].astype(np.float32).tolist())
    assert all(sorted(epoch) == everything for epoch in epochs)
    assert epochs[0] != epochs[1] != epochs[2]


def test_a_network_that_draws_sees_its_rows_in_the_same_order(windows_of: MakeWindows) -> None:
    """Points of a grid differ by their settings alone, not by the luck of their batches."""
    rows: list[list[float]] = []

    class Spy(nn.Flatten):
        def forward(self, x: Tensor) -> Tensor:
            rows.append(x[:, 0, 0].tolist())
            return super().forward(x)

    nobody = windows_of(0)
    for rate in (0.0, 0.5):
        layers = lambda r=rate: nn.Sequential(Spy(), nn.Dropout(r), nn.Linear(25, 1))  # noqa: E731
        run(layers, windows_of(20), nobody, batch_size=8)
    assert rows[:9] == rows[9:]


def test_the_epochs_loss_is_the_mean_over_rows_not_batches(windows_of: MakeWindows) -> None:
    windows = windows_of(20)
    still = run(
        lambda: nn.Sequential(nn.Flatten(), nn.Linear(25, 1)), windows, windows, epochs=1,
        batch_size=8, learning_rate=1e-12,
    )  # fmt: skip
    error = predict(still.network, windows.X) - windows.y
    assert still.train_loss[0] == pytest.approx((error**2).mean(), rel=1e-5)
    assert still.validation_loss[0] == pytest.approx((error**2).mean(), rel=1e-5)


def test_validation_is_watched_and_not_learned_from(windows_of: MakeWindows) -> None:
    windows, watched = windows_of(40, lookback=20), windows_of(15, lookback=20, seed=1)
    nobody = windows_of(0, lookback=20)
    for name, build in NETWORKS.items():
        a, b = run(build, windows, watched), run(build, windows, nobody)
        assert bits(a.network) == bits(b.network), name
        assert a.validation_loss.shape == (3,)
        assert b.validation_loss.shape == (0,)


def test_a_loss_that_leaves_the_numbers_is_an_error_with_advice(windows_of: MakeWindows) -> None:
    windows = windows_of(20)
    with pytest.raises(
        Error, match=r"loss became (inf|nan) in epoch \d+ of 50: lower --learning-rate"
    ):
        run(
            lambda: nn.Sequential(nn.Flatten(), nn.Linear(25, 1)),
            windows,
            windows,
            epochs=50,
            learning_rate=1e30,
        )


def test_patience_leaves_the_network_of_the_epoch_it_kept(windows_of: MakeWindows) -> None:
    """The same as training for just so many epochs: watching draws no random number."""
    fit, watched = windows_of(60, lookback=20), windows_of(20, lookback=20, seed=9)
    given = {"learning_rate": 0.05, "batch_size": 16}
    early = run(NETWORKS["rnn"], fit, watched, epochs=40, patience=3, **given)
    assert early.kept < len(early.train_loss) < 40
    assert early.kept == 1 + early.validation_loss.argmin()
    short = run(NETWORKS["rnn"], fit, watched, epochs=early.kept, **given)
    assert bits(early.network) == bits(short.network)


def test_cuda_gives_nearly_the_processors_numbers_twice_the_same(windows_of: MakeWindows) -> None:
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device here")
    fit, watched = windows_of(60, lookback=20), windows_of(20, lookback=20, seed=9)
    schedule = Schedule(3, 16, 1e-3)

    def trained(name: str, device: str) -> Trained:
        return train(NETWORKS[name], fit, watched, schedule, np.random.default_rng(0), device)

    for name in NETWORKS:
        here, there, again = (trained(name, device) for device in ("cpu", "cuda", "cuda"))
        assert bits(there.network) == bits(again.network)
        np.testing.assert_allclose(there.train_loss, here.train_loss, rtol=1e-3)
        assert all(weight.device.type == "cpu" for weight in there.network.parameters())


def test_cuda_where_there_is_none_is_refused(windows_of: MakeWindows) -> None:
    if torch.cuda.is_available():
        pytest.skip("there is a CUDA device here")
    windows = windows_of(10, lookback=20)
    with pytest.raises(InputError, match="no CUDA device"):
        train(
            NETWORKS["rnn"], windows, windows, Schedule(1, 4, 0.1), np.random.default_rng(0), "cuda"
        )


#: What a user's file may set for the whole process, and how its value is read and set back.
SWITCHES: dict[str, tuple[Callable[[], object], Callable[[object], object], object]] = {
    "oneDNN": (
        lambda: torch.backends.mkldnn.enabled,
        lambda value: setattr(torch.backends.mkldnn, "enabled", value),
        False,
    ),
    "precision": (
        torch.get_float32_matmul_precision,
        torch.set_float32_matmul_precision,
        "medium",
    ),
    "type": (torch.get_default_dtype, torch.set_default_dtype, torch.float64),
    "denormals": (
        lambda: bool((torch.full((1,), 1e-40, dtype=torch.float32) * 1.0).item() == 0),
        torch.set_flush_denormal,
        True,
    ),
}


@pytest.mark.parametrize("name", SWITCHES)
def test_what_others_set_for_the_whole_process_changes_nothing_and_stays(name: str) -> None:
    read, switch, value = SWITCHES[name]
    before = read()
    assert before != value
    try:
        switch(value)
        with alone(0):
            assert read() == before if name != "precision" else _exact()
        assert read() == value
    finally:
        switch(before)


def _exact() -> bool:
    return torch.backends.mkldnn.matmul.fp32_precision in ("ieee", "none")


def test_one_thread_of_python_at_a_time_is_alone_with_torch():
    """Its generator and its number of threads belong to the whole process."""
    before = torch.get_num_threads(), torch.initial_seed()

    def seeds(seed):
        with alone(seed):
            time.sleep(0.05)  # long enough for another thread to come in
            return torch.initial_seed()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(seeds, range(4))) == [0, 1, 2, 3]
    assert (torch.get_num_threads(), torch.initial_seed()) == before
