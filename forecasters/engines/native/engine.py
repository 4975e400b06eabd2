"""The native engine, called like the torch engine: the same random numbers, the same result."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from torch import nn

from forecasters.engines.native.training import NativeTraining
from forecasters.engines.schedule import Schedule, follow
from forecasters.engines.torch import Trained, alone, small_numbers
from forecasters.layers import initialise
from forecasters.preparation.windows import Windows


def train(
    build: Callable[[], nn.Module],
    fit: Windows,
    validation: Windows,
    schedule: Schedule,
    rng: np.random.Generator,
) -> Trained:
    """Build a network and train it on `fit`, as `forecasters.engines.torch.train` does.

    The seed of the masks, the initial weights and the permutations are drawn in the same order.

    Raises
    ------
    InputError
        The loss became infinite or NaN, or an input was not finite.
    """
    seed = int(rng.integers(2**63))
    with alone(seed):
        network = build()
        initialise(network, rng)
        training = NativeTraining(network, fit, validation, schedule, seed)
    with small_numbers():
        losses = follow(schedule, training, rng, len(fit), len(validation))
    training.finish()
    return Trained(network.eval(), *losses)
