"""A network of gated recurrent units (GRU)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from forecasters.neural import NeuralForecaster

if TYPE_CHECKING:
    from torch import nn


@dataclass(kw_only=True)
class GRU(NeuralForecaster):
    """GRU(50) -> Dense(1); mean squared error, Adam, 100 epochs of batch 32.

    Source: S1 proposes "other deep architectures" and S3 "other algorithms". The training is that of
    S1; one layer of 50 units and the window of 5 sessions are our choice.

    References
    ----------
    Cho et al. 2014, Learning phrase representations using RNN encoder-decoder.

    Examples
    --------
    >>> GRU().summary(channels=5).trainable  # parameters to train
    8451
    """

    lookback: int = 5
    hidden: int = 50
    epochs: int = 100

    def build(self, channels: int, lookback: int) -> nn.Module:
        """Return the network: [N, L, C] -> [N, 1]."""
        from torch import nn

        from forecasters.layers import LastStep

        return nn.Sequential(
            nn.GRU(channels, self.hidden, batch_first=True),  # [N, L, H]
            LastStep(),  # [N, H]
            nn.Linear(self.hidden, 1),  # [N, 1]
        )
