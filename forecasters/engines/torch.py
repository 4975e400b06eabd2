"""The torch engine: trains any module, one thread a fit, on numbers that the fit's seed fixes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from threading import RLock
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from forecasters.bars import Floats
from forecasters.engines.philox import dropout_mask
from forecasters.engines.schedule import Schedule, follow
from forecasters.errors import InputError
from forecasters.layers import initialise
from forecasters.preparation.windows import Windows

#: Windows predicted at once, padded to this number: a matrix product of another shape may round
#: differently, so a forecast would change when later rows join its batch.
CHUNK = 64

_ONE_AT_A_TIME = RLock()

LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "mse": lambda y, forecast: ((forecast - y) ** 2).mean(),
    # As a norm: its slope at an error of zero is zero, that of a root is infinite.
    "rmse": lambda y, forecast: torch.linalg.vector_norm(forecast - y) / len(y) ** 0.5,
}


@dataclass(frozen=True, eq=False)
class Trained:
    """A trained network, its losses by epoch [E], and the epoch, from 1, whose weights it has."""

    network: nn.Module
    train_loss: Floats
    validation_loss: Floats
    kept: int


def train(
    build: Callable[[], nn.Module],
    fit: Windows,
    validation: Windows,
    schedule: Schedule,
    rng: np.random.Generator,
    device: str = "cpu",
) -> Trained:
    """Build a network and train it on `fit`; every random number comes from `rng`.

    The global generator of torch is seeded from `rng` for the time of the fit and put back after
    it, so that a module which draws from it (initial weights, dropout) repeats too. The
    initial weights are drawn on the processor, whatever the device, and the network comes back to
    it.

    Raises
    ------
    InputError
        The loss became infinite or NaN: the learning rate is too high for this network. Or there is
        no such device.
    """
    if device == "cuda" and not torch.cuda.is_available():
        raise InputError("--device cuda: torch sees no CUDA device here; leave the flag out")
    seed = int(rng.integers(2**63))
    with alone(seed, device):
        network = build()
        initialise(network, rng)
        steps = _Training(network.to(device), fit, validation, schedule, seed, device)
        losses = follow(schedule, steps, rng, len(fit), len(validation))
        network.to("cpu").eval()
    return Trained(network, *losses)


class _Training:
    """A torch module in training by Adam."""

    def __init__(
        self,
        network: nn.Module,
        fit: Windows,
        validation: Windows,
        schedule: Schedule,
        seed: int,
        device: str,
    ) -> None:
        self.network = network
        self.seed, self.step = seed, 0
        self.batch_size = schedule.batch_size
        self.measure = LOSSES[schedule.loss]
        self.optimiser = torch.optim.Adam(
            [weight for weight in network.parameters() if weight.requires_grad],
            lr=schedule.learning_rate,
            eps=schedule.epsilon,
            fused=True,
        )
        self.X, self.y = (_tensor(part).to(device) for part in (fit.X, fit.y))  # [N, L, C], [N]
        self.watched = [_tensor(part).to(device) for part in (validation.X, validation.y)]

    def epoch(self, order: NDArray[np.int64]) -> float:
        self.network.train()
        rows = torch.from_numpy(order).to(self.X.device)
        total = torch.zeros((), device=self.X.device)
        for inputs, labels in zip(
            self.X[rows].split(self.batch_size), self.y[rows].split(self.batch_size), strict=True
        ):
            self.optimiser.zero_grad()
            loss = self.measure(labels, self._forward(inputs)[:, 0])
            loss.backward()
            self.optimiser.step()
            self.step += 1
            total += loss.detach() * len(inputs)
        return total.item() / len(rows)

    def _forward(self, x: Tensor) -> Tensor:
        """Return the answers in training.

        The dropout masks of a plain `nn.Sequential` are drawn by counter, so that another engine can
        use the same masks. In any other module torch draws them from its global generator.
        """
        if type(self.network) is not nn.Sequential:
            answers: Tensor = self.network(x)
            return answers
        for number, layer in enumerate(self.network):
            if type(layer) is nn.Dropout and 0 < layer.p < 1:
                values = x[0].numel()
                mask = dropout_mask(layer.p, len(x), values, self.step, number, self.seed)
                x = x * torch.from_numpy(mask).reshape(x.shape).to(x.device)
            else:
                x = layer(x)
        return x

    @torch.no_grad()
    def validation_loss(self) -> float:
        self.network.eval()
        X, y = self.watched
        return self.measure(y, self.network(X)[:, 0]).item()

    def weights(self) -> dict[str, Tensor]:
        return {name: weight.clone() for name, weight in self.network.state_dict().items()}

    def restore(self, weights: dict[str, Tensor]) -> None:
        self.network.load_state_dict(weights)


def device_name(device: str) -> str:
    """Return what the numbers of a device depend on: the graphics card and the libraries behind it."""
    if device != "cuda" or not torch.cuda.is_available():
        return device
    card = torch.cuda.get_device_name()
    return f"{card}, CUDA {torch.version.cuda}, cuDNN {torch.backends.cudnn.version()}"


def rebuild(build: Callable[[], nn.Module], state: Mapping[str, NDArray[Any]]) -> nn.Module:
    """Return the network with these weights instead of initial ones.

    Raises
    ------
    InputError
        The weights belong to another network.
    """
    _check_sizes(build, state)
    with alone(0):
        network = build()
    try:
        network.load_state_dict({name: torch.tensor(value) for name, value in state.items()})
    except RuntimeError as error:
        raise InputError(f"the weights are those of another network: {error}") from error
    return network.eval()


def _check_sizes(build: Callable[[], nn.Module], state: Mapping[str, NDArray[Any]]) -> None:
    """Compare the shapes before the network is made: settings from a file may ask for any size."""
    try:
        with alone(0), torch.device("meta"):  # a tensor there has a shape and no memory
            shapes = {name: tuple(weight.shape) for name, weight in build().state_dict().items()}
    except (RuntimeError, NotImplementedError) as error:
        if "meta" in str(error):  # a module of a user that looks at values as it is made
            return
        raise InputError(f"the network of these settings cannot be made: {error}") from error
    given = {name: value.shape for name, value in state.items()}
    if given == shapes:
        return
    differ = sorted(
        name for name in given.keys() | shapes.keys() if given.get(name) != shapes.get(name)
    )
    first = (
        f"{differ[0]!r} has shape {given.get(differ[0])}, its network needs {shapes.get(differ[0])}"
    )
    raise InputError(f"the weights are those of another network: {first}")


@torch.no_grad()
def predict(network: nn.Module, X: Floats) -> Floats:
    """Return the network's answers [M] to windows [M, L, C], each independent of the others."""
    answers = []
    with alone(0):
        for start in range(0, len(X), CHUNK):
            chunk = np.zeros((CHUNK, *X.shape[1:]))
            part = X[start : start + CHUNK]
            chunk[: len(part)] = part
            answers.append(network(_tensor(chunk))[: len(part), 0].double().numpy())
    return np.concatenate(answers) if answers else np.empty(0)


def _tensor(values: Floats) -> Tensor:
    # A copy in memory of torch, which is aligned to 64 bytes; numpy's lies where malloc put it,
    # and matrix libraries promise the same bits only for arrays that are aligned alike.
    return torch.tensor(values, dtype=torch.float32)


@contextmanager
def alone(seed: int, device: str = "cpu") -> Iterator[None]:
    """One thread, a seeded global generator, repeatable kernels; all as they were afterwards.

    More than one thread gives other bits (convolutions in float32), and two busy processes with
    two threads each are many times slower than with one. Other libraries of the user may have set
    kernels, precision, type of numbers: they are those of a new process here. Since torch keeps these
    for the whole process, one thread of Python at a time is in here.
    """
    with _ONE_AT_A_TIME, _as_new(), small_numbers():
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        devices = [torch.cuda.current_device()] if device == "cuda" else []
        try:
            with torch.random.fork_rng(devices=devices), _repeatable(device):
                torch.manual_seed(seed)
                yield
        finally:
            torch.set_num_threads(threads)


@contextmanager
def small_numbers() -> Iterator[None]:
    """Keep the smallest numbers (denormals) of this thread as they are, not rounded to zero.

    The switch is one of the processor: it changes the answers of NumPy and of the kernels too.
    """
    smallest = torch.full((1,), 1e-40, dtype=torch.float32, device="cpu")
    flushed = torch.count_nonzero(smallest * 1.0).item() == 0
    if flushed:
        torch.set_flush_denormal(False)
    try:
        yield
    finally:
        if flushed:
            torch.set_flush_denormal(True)


@contextmanager
def _as_new() -> Iterator[None]:
    """Set what decides bits for the whole process as torch has it in a new one, and afterwards set it back."""
    backends: Any = torch.backends
    pinned: list[tuple[Any, str, Any]] = [(backends.mkldnn, "enabled", True)]
    places = [getattr(backends.mkldnn, name, None) for name in ("matmul", "conv", "rnn")]
    for place in (*places, backends.cuda.matmul):
        if hasattr(place, "fp32_precision"):  # since torch 2.9; before, only GPUs had another one
            pinned.append((place, "fp32_precision", "ieee"))
    changed = []
    dtype = torch.get_default_dtype()
    try:
        for place, name, wanted in pinned:
            before = getattr(place, name)
            if before not in (
                wanted,
                "none",
            ):  # "none" is what a new process has, and means the same
                setattr(place, name, wanted)
                changed.append((place, name, before))
        torch.set_default_dtype(torch.float32)
        yield
    finally:
        torch.set_default_dtype(dtype)
        for place, name, before in changed:
            setattr(place, name, before)


@contextmanager
def _repeatable(device: str) -> Iterator[None]:
    """On a GPU: only kernels that give the same bits each time, in full float32.

    What torch asks of cuBLAS must stand in the environment before its first use; where another
    value stands there already, torch refuses the operation and says so.
    """
    if device != "cuda":
        yield
        return
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(True)
    try:
        with torch.backends.cudnn.flags(
            enabled=True, benchmark=False, deterministic=True, allow_tf32=False
        ):
            yield
    finally:
        torch.use_deterministic_algorithms(before)
