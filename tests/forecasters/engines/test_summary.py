"""Layers, parameters and FLOP of a network, against numbers worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from forecasters.engines.summary import summarise
from forecasters.errors import InputError
from forecasters.models.cnn import CNN
from forecasters.models.cnn_lstm import CNNLSTM
from forecasters.models.gru import GRU
from forecasters.models.lstm import LSTM
from forecasters.models.rnn import RNN
from forecasters.models.stacked_lstm import StackedLSTM
from forecasters.neural import NeuralForecaster
from forecasters.preparation.windows import Windows

# Multiply-adds of a window, 5 inputs. A recurrent layer of g gates has g H (C + H) a step, a valid
# convolution F C K at each of its L - K + 1 places, a linear layer in x out.
BY_HAND = [
    # 4 gates, 5 steps; the first layer sees 5 inputs, the other two 50. 255,000, and the unit's 50.
    (StackedLSTM(), 4 * 50 * (5 + 50) * 5 + 2 * 4 * 50 * (50 + 50) * 5 + 50, 510_100),
    # 4 gates of 50 on 5 inputs, 5 steps: 55,000.
    (LSTM(), 4 * 50 * (5 + 50) * 5 + 50, 110_100),
    (LSTM(activation="tanh"), 4 * 50 * (5 + 50) * 5 + 50, 110_100),
    # No gates, 20 steps: 55,000.
    (RNN(), 50 * (5 + 50) * 20 + 50, 110_100),
    (RNN(activation="softsign"), 50 * (5 + 50) * 20 + 50, 110_100),
    # 3 gates, 5 steps: 41,250.
    (GRU(), 3 * 50 * (5 + 50) * 5 + 50, 82_600),
    # 18 places of 64 x 5 x 3, 16 of 64 x 64 x 3; without a pool, the unit sees 64 x 16.
    (CNN(architecture=1), 64 * 5 * 3 * 18 + 64 * 64 * 3 * 16 + 64 * 16, 429_824),
    # Pooled by 3 the 16 become 5.
    (CNN(), 64 * 5 * 3 * 18 + 64 * 64 * 3 * 16 + 64 * 5, 428_416),
    (CNN(architecture=3), 64 * 5 * 3 * 18 + 64 * 64 * 3 * 16 + 64 * 5, 428_416),
    # 19 places of 32 x 5 x 2, 18 of 64 x 32 x 2, pooled to 9 steps of an LSTM of 100 on 64.
    (CNNLSTM(), 32 * 5 * 2 * 19 + 64 * 32 * 2 * 18 + 4 * 100 * (64 + 100) * 9 + 100, 1_340_616),
]


@pytest.mark.parametrize(
    ("forecaster", "multiply_adds", "flop"), BY_HAND, ids=[str(n) for n in range(len(BY_HAND))]
)
def test_flop_are_twice_the_multiply_adds_by_hand(
    forecaster: NeuralForecaster, multiply_adds: int, flop: int
) -> None:
    assert forecaster.summary().flop == 2 * multiply_adds == flop


@pytest.mark.parametrize("forecaster", [CNN(), GRU(), RNN(), LSTM(), RNN(activation="softsign")])
def test_flop_agree_with_torchs_own_counter_where_it_knows_the_layers(
    forecaster: NeuralForecaster,
) -> None:
    network = forecaster.build(5, forecaster.lookback).eval()
    with FlopCounterMode(display=False) as counter:
        network(torch.zeros(1, forecaster.lookback, 5))
    assert forecaster.summary().flop == counter.get_total_flops()


@pytest.mark.parametrize(("channels", "extra"), [(1, -4), (15, 10)])
def test_more_inputs_cost_their_weights_at_each_step(channels: int, extra: int) -> None:
    made = GRU().summary(channels)
    assert made.flop == 82_600 + 2 * 3 * 50 * extra * 5
    assert made.trainable == 8_451 + 3 * 50 * extra


# --- parameters and shapes -----------------------------------------------------------------------


def test_parameters_are_kerass_and_torchs_second_bias_is_frozen() -> None:
    made = StackedLSTM().summary()
    # Keras: four gates of H (C + H + 1); torch keeps a second bias of 4 H a layer.
    assert made.trainable == 4 * 50 * 56 + 2 * (4 * 50 * 101) + 51
    assert made.frozen == 3 * 4 * 50
    assert [(layer.kind, layer.shape) for layer in made.layers] == [
        ("LSTM", (5, 50)),
        ("LastStep", (50,)),
        ("Linear", (1,)),
    ]


def test_a_fitted_forecaster_says_the_same_and_stays_as_it_was(
    windows_of: Callable[..., Windows],
) -> None:
    forecaster = LSTM(epochs=2, hidden=3)
    before = forecaster.summary()
    windows = windows_of(20)
    forecaster.fit(windows, windows, np.random.default_rng(0))
    forecast = forecaster.predict(windows)
    forecaster.network_.train()
    assert forecaster.summary() == before
    assert forecaster.network_.training
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in forecaster.network_.modules())
    forecaster.network_.eval()
    assert forecaster.predict(windows).tobytes() == forecast.tobytes()


def test_the_users_random_numbers_are_left_alone() -> None:
    state = torch.get_rng_state()
    GRU().summary()
    assert torch.equal(torch.get_rng_state(), state)


def test_a_network_for_other_windows_says_which() -> None:
    with pytest.raises(InputError, match="no windows of 5 sessions by 15 inputs"):
        summarise(GRU().build(5, 5), channels=15, lookback=5)


# --- any torch module ----------------------------------------------------------------------------


class OwnForward(nn.Module):
    """What a user of torch writes: a cell in a loop, a product and a weight outside the layers."""

    def __init__(self, last: type[nn.Module] = nn.Identity) -> None:
        super().__init__()
        self.cell = nn.GRUCell(5, 4)
        self.mix = nn.Parameter(torch.zeros(4, 3))
        self.last = last()
        self.head = nn.Linear(3, 1)
        self.head.bias.requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        h = torch.zeros(len(x), 4)
        for step in x.unbind(1):
            h = self.cell(step, h)
        out: Tensor = self.head(self.last(h.relu() @ self.mix))
        return out


def test_a_forward_of_its_own_is_counted_where_it_happens() -> None:
    made = summarise(OwnForward(), channels=5, lookback=7)
    rows = {layer.name: layer for layer in made.layers}
    assert rows["cell"].flop == 2 * 3 * 4 * (5 + 4) * 7  # called seven times
    assert rows[""].flop == 2 * 4 * 3  # h @ mix, between the layers
    assert (rows[""].kind, rows[""].trainable) == ("OwnForward", 12)
    assert (rows["head"].flop, rows["head"].trainable, rows["head"].frozen) == (6, 3, 1)
    assert made.flop == 1512 + 24 + 6
    # torch's cell has two biases of 3 H, and outside a plain nn.Sequential both are trained.
    assert made.trainable == 3 * 4 * (5 + 4 + 2) + 12 + 3


class Opaque(nn.Module):
    """A layer of one operation whose products nobody has counted."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.linalg.matrix_exp(torch.diag_embed(x)).diagonal(dim1=1, dim2=2)


def test_what_is_not_known_is_called_unknown_and_never_nothing() -> None:
    made = summarise(OwnForward(Opaque), channels=5, lookback=7)
    (unknown,) = made.unknown
    assert (unknown.name, unknown.flop) == ("last", None)
    assert made.flop is None and made.known_flop == 1542
    lines = str(made).splitlines()
    assert any(line.startswith("last Opaque") and line.endswith("unknown") for line in lines)
    assert any(line.startswith("total") and line.endswith("at least 1,542") for line in lines)
    (said,) = (line for line in lines if line.startswith("unknown in last: "))
    assert "aten.linalg_matrix_exp" in said


def test_attention_is_counted() -> None:
    class Attention(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.mha = nn.MultiheadAttention(6, 2, batch_first=True)

        def forward(self, x: Tensor) -> Any:
            return self.mha(x, x, x)[0][:, -1, :1]

    # Projections of 9 steps: 3 in and 1 out of 6 x 6; scores and their mean of values: 9 x 9 x 6 each.
    made = summarise(Attention(), channels=6, lookback=9)
    assert made.flop == 2 * (9 * 4 * 6 * 6 + 2 * 9 * 9 * 6)
    assert made.trainable == 4 * 6 * (
        6 + 1
    )  # the projection out is a module that never runs itself


def test_weights_that_two_layers_share_count_once() -> None:
    shared = nn.Linear(5, 5)
    twin = nn.Linear(5, 5)
    twin.weight = shared.weight
    made = summarise(nn.Sequential(shared, twin, shared), channels=5, lookback=4)
    assert made.trainable == 25 + 5 + 5
    assert made.flop == 3 * 2 * 5 * 5 * 4


def test_the_table_is_aligned_and_says_its_convention() -> None:
    *table, convention = str(CNN().summary()).splitlines()
    assert len({len(line) for line in table}) == 1
    assert table[0].split() == ["layer", "output", "trainable", "frozen", "FLOP"]
    assert table[-1].split() == ["total", "13,697", "0", "428,416"]
    assert "[N, 64, 18]" in table[2]
    assert "20 sessions by 5 inputs" in convention and "multiply-add as 2" in convention
