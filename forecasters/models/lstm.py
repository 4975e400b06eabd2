"""The LSTM of S2: softsign, dropout, RMSE as the loss, all rows in one batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from forecasters.errors import InputError
from forecasters.neural import NeuralForecaster

if TYPE_CHECKING:
    from torch import nn


@dataclass(kw_only=True)
class LSTM(NeuralForecaster):
    """LSTM(50, softsign) -> dropout 0.3 -> Dense(1); RMSE, Adam at 0.01, 1,000 full-batch steps.

    Source: S2 (activation, dropout, loss, learning rate, iterations, window of 5 sessions, one scale
    for all prices and another for volume). S2 does not give the layers; one layer of 50 units is our
    choice.

    Examples
    --------
    >>> LSTM().summary(channels=5).trainable  # parameters to train
    11251
    """

    lookback: int = 5
    scaler: str = "together"
    hidden: int = 50
    activation: str = "softsign"
    dropout: float = 0.3
    epochs: int = 1000
    batch_size: int | None = None
    learning_rate: float = 0.01
    loss: str = "rmse"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.activation not in ("softsign", "tanh"):
            raise InputError(f"lstm has activation '{self.activation}'; known: softsign, tanh")
        if not 0 <= self.dropout < 1:
            raise InputError(f"lstm has dropout {self.dropout}; it must be at least 0 and below 1")

    def build(self, channels: int, lookback: int) -> nn.Module:
        """Return the network: [N, L, C] -> [N, 1]."""
        from torch import nn

        from forecasters.layers import LastStep, SoftsignLSTM

        recurrent = (
            SoftsignLSTM(channels, self.hidden)
            if self.activation == "softsign"
            else nn.LSTM(channels, self.hidden, batch_first=True)
        )
        return nn.Sequential(
            recurrent,  # [N, L, H]
            LastStep(),  # [N, H]
            nn.Dropout(self.dropout),
            nn.Linear(self.hidden, 1),  # [N, 1]
        )
