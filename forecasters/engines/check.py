"""Whether a network that a class builds can be trained, before anything is trained."""

from __future__ import annotations

import traceback
import warnings
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from forecasters.engines.torch import alone
from forecasters.errors import InputError

#: Copies of each weight: the module, its kernel layout, gradient, two moments of Adam, the best epoch.
COPIES = 6
#: Values kept of each output in training: the output, its gradient, and what its layer keeps.
KEPT = 4
FLOAT = 4

#: Windows that are sent through the network: two, so that [N, 1] is not taken for [1, N].
TRIED = 2


def weight_bytes(build: Callable[[], nn.Module]) -> int:
    """Return roughly the bytes that the weights need in training; 0 where it cannot be told.

    The network is built on torch's device ``meta``, which has shapes and no memory: a network that is
    far too large must not be built to learn that.
    """
    try:
        with alone(0), _quiet(), torch.device("meta"):
            weights = sum(weight.numel() for weight in build().parameters())
    # A build that makes tensors elsewhere, or fails: `check_network` builds it really and says so.
    except Exception:
        return 0
    return FLOAT * COPIES * weights


def check_network(build: Callable[[], nn.Module], channels: int, lookback: int, where: str) -> int:
    """Check that the network can be trained; return roughly the bytes that each window of a batch takes.

    Parameters
    ----------
    where : str
        Class, method and file, for the message: ``MyGRU.build (my_gru.py)``.

    Raises
    ------
    InputError
        `build` returns no module, a weight is empty, not float32 or not on the processor, nothing can be
        trained, or two windows [2, lookback, channels] do not become answers [2, 1].
    """
    with alone(0), _quiet():
        network = module_of(build(), where)
        outputs = _watch_outputs(network)
        _check_weights(network, where)
        values = torch.linspace(0.0, 1.0, TRIED * lookback * channels)
        windows = values.reshape(TRIED, lookback, channels)
        shape = f"[{TRIED}, {lookback}, {channels}]"
        try:
            with torch.enable_grad():
                answer: object = network.eval()(windows)
        except Exception as error:  # torch and the user's forward may raise anything
            raise InputError(
                f"{where}: the network fails on windows {shape} (windows, sessions, inputs): "
                f"{type(error).__name__}: {str(error).partition(chr(10))[0]}{_line(error)}; correct its "
                "sizes, or raise --lookback if a kernel is longer than the window"
            ) from error
    if not isinstance(answer, Tensor):
        raise InputError(
            f"{where}: the network answers windows {shape} by {_type(answer)}; it must return a tensor "
            f"[{TRIED}, 1], one number for each window"
        )
    if tuple(answer.shape) != (TRIED, 1):
        raise InputError(
            f"{where}: the network answers windows {shape} in shape {list(answer.shape)}; it must be "
            f"[{TRIED}, 1], one number for each window: end with nn.Linear(..., 1)"
        )
    if answer.dtype is not torch.float32:
        raise InputError(f"{where}: the network answers in {answer.dtype}; use torch.float32")
    if not answer.requires_grad:
        raise InputError(
            f"{where}: the answer of the network has no gradient, so nothing can be trained: forward "
            "must not detach it, and some weight must have requires_grad"
        )
    return FLOAT * KEPT * sum(outputs) // TRIED


def _watch_outputs(network: nn.Module) -> list[int]:
    """Return a list to which each module adds how many values it gives."""
    outputs: list[int] = []

    def note(module: nn.Module, inputs: object, output: object) -> None:
        while isinstance(output, tuple | list) and output:
            output = output[0]
        if isinstance(output, Tensor):
            outputs.append(output.numel())

    for module in network.modules():
        module.register_forward_hook(note)
    return outputs


def module_of(network: object, where: str) -> nn.Module:
    """Return the network, if it is a torch module.

    Raises
    ------
    InputError
        It is something else.
    """
    if not isinstance(network, nn.Module):
        forgotten = " (is a `return` missing?)" if network is None else ""
        raise InputError(
            f"{where} returned {_type(network)}{forgotten}; it must return a torch.nn.Module from "
            "windows [N, lookback, channels] to [N, 1]"
        )
    return network


def _check_weights(network: nn.Module, where: str) -> None:
    tensors = [*network.named_parameters(), *network.named_buffers()]
    for name, weight in tensors:
        if is_lazy(weight):
            raise InputError(
                f"{where}: the weight {name} has no size yet (a lazy layer); give each layer its sizes"
            )
        if weight.device.type != "cpu":
            raise InputError(
                f"{where}: the weight {name} is on the device {weight.device}; build on the processor, "
                "and --device says where it trains"
            )
        if weight.dtype is torch.float64 or weight.is_complex():
            raise InputError(f"{where}: the weight {name} is {weight.dtype}; use torch.float32")
    for name, weight in network.named_parameters():
        if not weight.numel():
            raise InputError(
                f"{where}: the weight {name} has the shape {list(weight.shape)} and holds no number: a "
                "size in it is 0; give at least 1, or raise --lookback if no position is left"
            )
        if weight.dtype is not torch.float32:
            raise InputError(f"{where}: the weight {name} is {weight.dtype}; use torch.float32")


def _type(value: object) -> str:
    return "None" if value is None else f"a {type(value).__name__}"


def _line(error: Exception) -> str:
    """Return where in code that is neither ours nor torch's the error arose, if anywhere."""
    own = (str(Path(torch.__file__).parent), str(Path(__file__).parents[1]))
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith(own)
    ]
    return f" ({frames[-1].filename}, line {frames[-1].lineno})" if frames else ""


class _quiet(warnings.catch_warnings):  # noqa: N801 - used as a function
    """Torch warns of an empty weight, of which an error tells more."""

    def __enter__(self) -> None:
        super().__enter__()
        warnings.simplefilter("ignore")
