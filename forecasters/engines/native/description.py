"""A torch module as a list of layers that the kernels know, or why it cannot be one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from ctypes import c_int32
from dataclasses import dataclass

from torch import nn

from forecasters.engines.native.library import KernelLayer, exact
from forecasters.errors import InputError
from forecasters.layers import LastStep, SoftsignLSTM, SoftsignRNN, SwapAxes

#: `Kind` and `Function` in network.h.
LSTM, RNN, GRU, CONVOLUTION, POINTWISE, MAX_POOLING, DROPOUT, SWAP_AXES, FLATTEN, LAST_STEP = range(
    1, 11
)
NONE, TANH, SOFTSIGN, RELU = range(4)
WITH_OUTPUTS = (LSTM, RNN, GRU, CONVOLUTION)

FUNCTIONS: dict[type[nn.Module], int] = {nn.Tanh: TANH, nn.Softsign: SOFTSIGN, nn.ReLU: RELU}
HOOKS = (
    "_forward_hooks",
    "_forward_pre_hooks",
    "_backward_hooks",
    "_backward_pre_hooks",
)


class Unknown(Exception):
    """Something that the kernels do not know; the message continues the words 'torch trains it: '."""


@dataclass
class _State:
    """The layers so far, and the order of the values that the last one gives.

    `swapped`: in torch the values have the shape [N, features, positions]. The kernels always keep
    positions first, so values are moved only where their order matters.
    `tupled`: the last layer is recurrent and returns a tuple. `flat`: the values are [N, values].
    """

    layers: list[KernelLayer]
    swapped: bool = False
    tupled: bool = False
    flat: bool = False

    def add(self, kind: int, **values: float) -> None:
        self.layers.append(KernelLayer(kind=kind, **values))

    def swap(self) -> None:
        """Put the values in torch's order, or back; two swaps in a row cancel out."""
        if self.layers and self.layers[-1].kind == SWAP_AXES:
            self.layers.pop()
        else:
            self.add(SWAP_AXES)


def describe(network: nn.Module) -> list[KernelLayer]:
    """Return the layers of an exact `nn.Sequential`.

    Raises
    ------
    Unknown
        The network is another module, or it has a layer, an option or a hook that the kernels do not
        know.
    """
    if type(network) is not nn.Sequential:
        raise Unknown(
            f"{type(network).__name__} is no plain nn.Sequential: it has another forward method"
        )
    if len({id(module) for module in network.modules()}) < 1 + len(network):
        raise Unknown("a layer stands in it twice")
    state = _State([])
    _plain(network, "the nn.Sequential")
    for number, layer in enumerate(network):
        name = f"layer {number + 1}, {type(layer).__name__}"
        _plain(layer, name)
        add = ADD.get(type(layer))
        if add is None:
            raise Unknown(f"{name}, is not known to the kernels")
        if state.tupled and type(layer) is not LastStep:
            raise Unknown(f"{name}, comes after a recurrent layer without a LastStep between them")
        try:
            add(state, layer, number)
        except Unknown as reason:
            raise Unknown(f"{name}, {reason}") from None
    last = network[-1] if len(network) else None
    if not (isinstance(last, nn.Linear) and last.out_features == 1):
        raise Unknown("its last layer is no nn.Linear with one output")
    return state.layers


def check_sizes(layers: Sequence[KernelLayer], lookback: int, channels: int) -> None:
    """Refuse a network in which a size is 0, a kernel is longer than what it sees, or a product overflows.

    The kernels check nothing: they would divide by zero, or read beyond their memory.

    Raises
    ------
    InputError
        There is such a layer.
    """
    positions, features = lookback, channels
    for number, layer in enumerate(layers, 1):
        where = f"layer {number} of the network in the kernels"
        if layer.kind in WITH_OUTPUTS and layer.outputs < 1:
            raise InputError(f"{where} has {layer.outputs} outputs; give at least 1")
        if layer.kind in (CONVOLUTION, MAX_POOLING):
            stride = layer.stride if layer.kind == MAX_POOLING else 1
            if layer.kernel < 1 or stride < 1:
                raise InputError(
                    f"{where} has kernel {layer.kernel} and stride {stride}; give at least 1"
                )
            if layer.kernel > positions:
                raise InputError(
                    f"{where} has kernel {layer.kernel} and sees {positions} positions: shorten the "
                    "kernel or raise --lookback"
                )
            positions = (positions - layer.kernel) // stride + 1
        if layer.kind in WITH_OUTPUTS:
            weights = max(layer.kernel, 1) * features * layer.outputs
            exact(c_int32, f"the number of weights of {where}", weights)
            features = layer.outputs
        elif layer.kind == SWAP_AXES:
            positions, features = features, positions
        elif layer.kind == LAST_STEP:
            positions = 1
        elif layer.kind == FLATTEN:
            positions, features = 1, positions * features
        exact(c_int32, f"the number of values after {where}", positions * features)


def _plain(module: nn.Module, name: str) -> None:
    if any(getattr(module, hooks, None) for hooks in HOOKS):
        raise Unknown(f"{name}, has hooks")
    if "forward" in vars(module):
        raise Unknown(f"{name}, has another forward method")
    for weight in module.parameters(recurse=False):
        if str(weight.dtype) != "torch.float32":
            raise Unknown(f"{name}, has weights of {weight.dtype}, not torch.float32")


def _need(condition: bool, reason: str) -> None:
    if not condition:
        raise Unknown(reason)


def _recurrent(kind: int) -> Callable[[_State, nn.Module, int], None]:
    def add(state: _State, layer: nn.Module, number: int) -> None:
        assert isinstance(layer, nn.RNNBase)
        _need(not (state.swapped or state.flat), "does not see [N, sessions, channels]")
        _need(layer.batch_first, "is not batch_first")
        _need(not layer.bidirectional, "is bidirectional")
        _need(layer.proj_size == 0, "has a projection")
        _need(layer.dropout == 0 or layer.num_layers == 1, "has dropout between its layers")
        function = RELU if getattr(layer, "nonlinearity", "tanh") == "relu" else TANH
        for _ in range(layer.num_layers):
            biases = 2 if layer.bias else 0
            state.add(kind, outputs=layer.hidden_size, biases=biases, function=function)
        state.tupled = True

    return add


def _softsign(kind: int) -> Callable[[_State, nn.Module, int], None]:
    def add(state: _State, layer: nn.Module, number: int) -> None:
        assert isinstance(layer, SoftsignRNN)
        _need(not (state.swapped or state.flat), "does not see [N, sessions, channels]")
        state.add(kind, outputs=layer.hidden_size, biases=1, function=SOFTSIGN)
        state.tupled = True

    return add


def _last_step(state: _State, layer: nn.Module, number: int) -> None:
    _need(state.tupled, "does not follow a recurrent layer")
    state.add(LAST_STEP)
    state.tupled, state.flat = False, True


def _swap_axes(state: _State, layer: nn.Module, number: int) -> None:
    _need(not state.flat, "sees values that have no axes left")
    state.swapped = not state.swapped


def _convolution(state: _State, layer: nn.Module, number: int) -> None:
    assert isinstance(layer, nn.Conv1d)
    _need(state.swapped, "does not see [N, channels, sessions]: put a SwapAxes before it")
    plain = (layer.stride, layer.padding, layer.dilation, layer.groups) == ((1,), (0,), (1,), 1)
    _need(plain, "has a stride, padding, dilation or groups")
    biased = int(layer.bias is not None)
    state.add(CONVOLUTION, outputs=layer.out_channels, kernel=layer.kernel_size[0], biases=biased)


def _pool(state: _State, layer: nn.Module, number: int) -> None:
    assert isinstance(layer, nn.MaxPool1d)
    _need(state.swapped, "does not see [N, channels, sessions]: put a SwapAxes before it")
    kernel, stride, padding, dilation = (
        value[0] if isinstance(value, tuple) else value
        for value in (layer.kernel_size, layer.stride, layer.padding, layer.dilation)
    )
    plain = (padding, dilation, layer.ceil_mode, layer.return_indices) == (0, 1, False, False)
    _need(plain, "has padding, dilation, ceil_mode or return_indices")
    state.add(MAX_POOLING, kernel=kernel, stride=stride)


def _pointwise(state: _State, layer: nn.Module, number: int) -> None:
    state.add(POINTWISE, function=FUNCTIONS[type(layer)])


def _dropout(state: _State, layer: nn.Module, number: int) -> None:
    assert isinstance(layer, nn.Dropout)
    _need(layer.p < 1, "drops everything")
    # A mask counts values in torch's order.
    if state.swapped:
        state.swap()
    state.add(DROPOUT, number=number, rate=layer.p)
    if state.swapped:
        state.swap()


def _flatten(state: _State, layer: nn.Module, number: int) -> None:
    assert isinstance(layer, nn.Flatten)
    _need((layer.start_dim, layer.end_dim) == (1, -1), "keeps some axes")
    if state.swapped:
        state.swap()
    if not state.flat:
        state.add(FLATTEN)
    state.swapped, state.flat = False, True


def _linear(state: _State, layer: nn.Module, number: int) -> None:
    assert isinstance(layer, nn.Linear)
    _need(state.flat, "does not see [N, values]: put a LastStep or nn.Flatten before it")
    biased = int(layer.bias is not None)
    state.add(CONVOLUTION, outputs=layer.out_features, kernel=1, biases=biased)


ADD: dict[type[nn.Module], Callable[[_State, nn.Module, int], None]] = {
    nn.LSTM: _recurrent(LSTM),
    nn.RNN: _recurrent(RNN),
    nn.GRU: _recurrent(GRU),
    SoftsignLSTM: _softsign(LSTM),
    SoftsignRNN: _softsign(RNN),
    LastStep: _last_step,
    SwapAxes: _swap_axes,
    nn.Conv1d: _convolution,
    nn.MaxPool1d: _pool,
    nn.Tanh: _pointwise,
    nn.Softsign: _pointwise,
    nn.ReLU: _pointwise,
    nn.Dropout: _dropout,
    nn.Flatten: _flatten,
    nn.Linear: _linear,
}
