"""What a network is made of: layers, shapes, parameters and the FLOP of one window."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry, sdpa_flop_count

from forecasters.errors import InputError
from forecasters.layers import initialise

#: Operations with products that torch does not count, each with its FLOP from its arguments.
PRODUCTS: dict[str, Callable[..., int]] = {
    # One LSTM layer of oneDNN: input [L, N, C], then the weights of the inputs and of the state.
    "aten.mkldnn_rnn_layer": lambda x, w, u, *rest: 2 * len(x) * x.shape[1] * _sizes(w, u),
    "aten._scaled_dot_product_flash_attention_for_cpu": lambda q, k, v, *rest, **options: (
        sdpa_flop_count(q.shape, k.shape, v.shape)
    ),
    "aten.mv": lambda matrix, vector: 2 * matrix.numel(),
    "aten.dot": lambda a, b: 2 * a.numel(),
}

#: Operations without a matrix product that torch does not itself mark as views or element by element:
#: they make, move, compare, average or normalise numbers.
WITHOUT = frozenset(
    f"aten.{name}"
    for name in (
        "zeros new_zeros ones new_ones full new_full empty new_empty empty_like arange eye "
        "_unsafe_view transpose_ unsqueeze_ squeeze_ unsafe_split unsafe_split_with_sizes "
        "stack cat flip roll repeat index select_backward gather index_select embedding "
        "constant_pad_nd reflection_pad1d replication_pad1d copy_ fill_ zero_ bernoulli_ "
        "max_pool2d_with_indices avg_pool2d _adaptive_avg_pool2d adaptive_max_pool2d "
        "mean sum amax amin max min argmax argmin var std var_mean cumsum cummax any all "
        "_softmax _log_softmax native_layer_norm native_group_norm native_batch_norm "
        "_native_batch_norm_legit_no_training"
    ).split()
)


@dataclass(frozen=True)
class Layer:
    """One module of a network, without the modules inside it.

    Attributes
    ----------
    name : str
        Its path in the network: ``0``, ``encoder.lstm``; empty for the network itself.
    kind : str
        Its class.
    shape : tuple of int or None
        Shape of its output for one window, without the axis of the windows; None where it did not
        run or gave no tensor.
    trainable, frozen : int
        Parameters; one that several modules share counts in the first.
    flop : int or None
        Of one window; None where an operation is not known, which is not the same as none.
    unknown : tuple of str
        Those operations.
    """

    name: str
    kind: str
    shape: tuple[int, ...] | None
    trainable: int
    frozen: int
    flop: int | None
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True)
class Summary:
    """The layers of a network in the order in which they run; printed, it is a table.

    FLOP are those of the matrix products and convolutions of one forward pass of one window: a
    multiply-add is 2, a recurrent layer counts all its steps. Biases, activations, gates, pooling
    and normalisation are left out, as in the counter of torch: they are a small share.
    """

    layers: tuple[Layer, ...]
    channels: int
    lookback: int

    @property
    def trainable(self) -> int:
        """The parameters that training moves."""
        return sum(layer.trainable for layer in self.layers)

    @property
    def frozen(self) -> int:
        """The parameters that stay as they are, such as the second bias of a recurrent layer."""
        return sum(layer.frozen for layer in self.layers)

    @property
    def flop(self) -> int | None:
        """FLOP of one window; None where a layer's are unknown."""
        return None if self.unknown else self.known_flop

    @property
    def known_flop(self) -> int:
        """FLOP of the layers whose FLOP are known: no more than the whole."""
        return sum(layer.flop or 0 for layer in self.layers)

    @property
    def unknown(self) -> tuple[Layer, ...]:
        """The layers whose FLOP are unknown."""
        return tuple(layer for layer in self.layers if layer.flop is None)

    def __str__(self) -> str:
        total = f"{'at least ' if self.unknown else ''}{self.known_flop:,}"
        rows = [
            ("layer", "output", "trainable", "frozen", "FLOP"),
            *(_row(layer) for layer in self.layers),
            ("total", "", f"{self.trainable:,}", f"{self.frozen:,}", total),
        ]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            "  ".join(
                cell.ljust(width) if column < 2 else cell.rjust(width)
                for column, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in rows
        ]
        lines += [
            f"unknown in {layer.name or layer.kind}: {', '.join(layer.unknown)}"
            for layer in self.unknown
        ]
        lines.append(
            f"FLOP of one window of {self.lookback} sessions by {self.channels} inputs, a "
            "multiply-add as 2; matrix products and convolutions alone"
        )
        return "\n".join(lines)


def _row(layer: Layer) -> tuple[str, ...]:
    shape = "" if layer.shape is None else f"[{', '.join(['N', *map(str, layer.shape)])}]"
    flop = "unknown" if layer.flop is None else f"{layer.flop:,}"
    name = f"{layer.name} {layer.kind}".strip()
    return name, shape, f"{layer.trainable:,}", f"{layer.frozen:,}", flop


def summarise(network: nn.Module, channels: int, lookback: int) -> Summary:
    """Return the summary of a network, from one window of zeros sent through a copy of it.

    Raises
    ------
    InputError
        The network does not take windows [N, lookback, channels].
    """
    copy = deepcopy(network).cpu().eval()
    watch = _Watch(copy)
    dtype = next((p.dtype for p in copy.parameters() if p.is_floating_point()), torch.float32)
    window = torch.zeros(1, lookback, channels, dtype=dtype)
    try:
        # With gradients: without them attention takes a short cut that hides its products.
        with torch.random.fork_rng(devices=[]), torch.enable_grad(), watch:
            copy(window)
    except (RuntimeError, ValueError) as error:
        raise InputError(
            f"the network takes no windows of {lookback} sessions by {channels} inputs: give "
            f"the numbers that it was built for ({str(error).partition(chr(10))[0]})"
        ) from error
    counted: set[int] = set()
    layers = []
    every = {module: name for name, module in copy.named_modules()}
    for module in (*watch.shapes, *(m for m in every if m not in watch.shapes)):
        parameters = [p for p in module.parameters(recurse=False) if id(p) not in counted]
        counted.update(map(id, parameters))
        unknown = tuple(sorted(watch.unknown.get(module, ())))
        flop = watch.flop.get(module, 0)
        leaf = module in watch.shapes and not any(module.children())
        if leaf or parameters or flop or unknown:
            trainable = sum(p.numel() for p in parameters if p.requires_grad)
            layers.append(
                Layer(
                    every[module],
                    type(module).__name__,
                    watch.shapes.get(module),
                    trainable,
                    sum(p.numel() for p in parameters) - trainable,
                    None if unknown else flop,
                    unknown,
                )
            )
    return Summary(tuple(layers), channels, lookback)


def untrained(build: Callable[[], nn.Module]) -> nn.Module:
    """Return the network as training finds it, with what it freezes; the user's random numbers stay."""
    with torch.random.fork_rng(devices=[]):
        network = build()
        initialise(network, np.random.default_rng(0))
    return network


class _Watch(TorchDispatchMode):
    """Books each operation that torch carries out on the innermost module that runs."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch's
        self.running: list[nn.Module] = []
        self.shapes: dict[nn.Module, tuple[int, ...] | None] = {}  # in the order of the first call
        self.flop: dict[nn.Module, int] = {}
        self.unknown: dict[nn.Module, set[str]] = {}
        for module in network.modules():
            module.register_forward_pre_hook(self._enter)
            module.register_forward_hook(self._leave)

    def _enter(self, module: nn.Module, inputs: Any) -> None:
        self.running.append(module)
        self.shapes.setdefault(module, None)

    def _leave(self, module: nn.Module, inputs: Any, output: Any) -> None:
        self.running.pop()
        while isinstance(output, tuple | list) and output:
            output = output[0]
        if isinstance(output, Tensor):
            self.shapes[module] = tuple(output.shape[1:])

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        options = kwargs or {}
        out = func(*args, **options)
        operation = func.overloadpacket
        name = str(operation)
        module = self.running[-1]
        if name in PRODUCTS:
            flop = PRODUCTS[name](*args, **options)
        elif operation in flop_registry:
            flop = flop_registry[operation](*args, **options, out_val=out)
        else:
            flop = 0
            if not (func.is_view or torch.Tag.pointwise in func.tags or name in WITHOUT):
                self.unknown.setdefault(module, set()).add(name)
        self.flop[module] = self.flop.get(module, 0) + int(flop)
        return out


def _sizes(*tensors: Tensor) -> int:
    return sum(tensor.numel() for tensor in tensors)
