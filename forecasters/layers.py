"""Layers that plain torch lacks, and the initial weights of the sources' networks."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from forecasters.bars import Floats


class LastStep(nn.Module):
    """The output of a recurrent layer at the last session: ([N, L, H], state) -> [N, H]."""

    def forward(self, output_and_state: tuple[Tensor, Any]) -> Tensor:
        """Return [N, H]."""
        return output_and_state[0][:, -1]


class SwapAxes(nn.Module):
    """Sessions last, as a convolution wants them, and back: [N, L, C] <-> [N, C, L]."""

    def forward(self, x: Tensor) -> Tensor:
        """Return [N, C, L] for [N, L, C]."""
        return x.transpose(1, 2)


class SoftsignRNN(nn.Module):
    """`nn.RNN` of one layer with softsign, x / (1 + |x|), which torch does not offer."""

    gates = 1

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.hidden_size = hidden
        self.weight_ih_l0 = nn.Parameter(torch.empty(self.gates * hidden, channels))
        self.weight_hh_l0 = nn.Parameter(torch.empty(self.gates * hidden, hidden))
        self.bias_ih_l0 = nn.Parameter(torch.empty(self.gates * hidden))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the outputs [N, L, H] and the last state [N, H]."""
        inputs = functional.linear(x, self.weight_ih_l0, self.bias_ih_l0)  # [N, L, H]
        h = x.new_zeros(len(x), self.hidden_size)
        outputs = []
        for step in inputs.unbind(1):
            h = functional.softsign(step + functional.linear(h, self.weight_hh_l0))
            outputs.append(h)
        return torch.stack(outputs, dim=1), h


class SoftsignLSTM(SoftsignRNN):
    """`nn.LSTM` of one layer with softsign in the places of tanh. Source: S2."""

    gates = 4

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the outputs [N, L, H] and the last state [N, H]."""
        inputs = functional.linear(x, self.weight_ih_l0, self.bias_ih_l0)  # [N, L, 4H]
        h = c = x.new_zeros(len(x), self.hidden_size)
        outputs = []
        for step in inputs.unbind(1):
            i, f, g, o = (step + functional.linear(h, self.weight_hh_l0)).chunk(4, dim=1)
            c = f.sigmoid() * c + i.sigmoid() * functional.softsign(g)
            h = o.sigmoid() * functional.softsign(c)
            outputs.append(h)
        return torch.stack(outputs, dim=1), h


@torch.no_grad()
def initialise(network: nn.Module, rng: np.random.Generator) -> None:
    """Draw the weights of a plain `nn.Sequential` as Keras does, in place, from `rng`.

    The sources are Keras programs: Glorot uniform kernels, orthogonal recurrent kernels, zero
    biases, forget bias 1, and one bias a recurrent layer: torch's second one is zero and frozen
    (two would make Adam move their sum twice as fast). A module of any other type, also one inside
    the `nn.Sequential`, keeps the weights that its constructor drew.

    References
    ----------
    Glorot and Bengio 2010, Understanding the difficulty of training deep feedforward networks.
    Saxe, McClelland and Ganguli 2014, Exact solutions to the nonlinear dynamics of learning.
    Jozefowicz, Zaremba and Sutskever 2015 (forget bias 1).
    """
    if type(network) is not nn.Sequential:
        return
    for layer in network:
        if isinstance(layer, nn.RNNBase | SoftsignRNN):
            _recurrent(layer, rng)
        elif isinstance(layer, nn.Linear | nn.Conv1d):
            shape = layer.weight.shape  # [out, in] or [out, in, kernel]
            field = int(np.prod(shape[2:]))
            _set(layer.weight, _glorot(rng, shape, shape[1] * field, shape[0] * field))
            if layer.bias is not None:
                layer.bias.zero_()


def _recurrent(layer: nn.RNNBase | SoftsignRNN, rng: np.random.Generator) -> None:
    for name, weight in layer.named_parameters():
        if name.startswith("weight_ih"):
            _set(weight, _glorot(rng, weight.shape, weight.shape[1], weight.shape[0]))
        elif name.startswith("weight_hh"):
            _set(weight, _orthonormal(rng.standard_normal(weight.shape)))
        elif name.startswith("weight_hr"):  # an LSTM's projection: no kernel of Keras's
            _set(weight, _glorot(rng, weight.shape, weight.shape[1], weight.shape[0]))
        else:
            weight.zero_()
            if isinstance(layer, nn.LSTM | SoftsignLSTM) and name.startswith("bias_ih"):
                weight[layer.hidden_size : 2 * layer.hidden_size] = 1.0  # gates i, f, g, o
            if name.startswith("bias_hh"):
                weight.requires_grad_(False)


def _set(weight: Tensor, values: Floats) -> None:
    weight.copy_(torch.from_numpy(values))


def _glorot(rng: np.random.Generator, shape: tuple[int, ...], fan_in: int, fan_out: int) -> Floats:
    limit = np.sqrt(6.0 / (fan_in + fan_out))
    return rng.uniform(-limit, limit, size=shape)


def _orthonormal(columns: Floats) -> Floats:
    """Return the columns of [rows, H] made orthonormal by modified Gram-Schmidt.

    Not LAPACK: the bits of its answer depend on how many threads it was given.
    """
    q = columns.copy()
    for k in range(q.shape[1]):
        q[:, k] /= np.sqrt((q[:, k] ** 2).sum())
        rest = q[:, k + 1 :]
        rest -= q[:, k, None] * (q[:, k, None] * rest).sum(axis=0)
    return q
