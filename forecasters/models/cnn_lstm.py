"""Convolutions followed by an LSTM: the hybrid that S3 proposes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from forecasters.errors import InputError
from forecasters.neural import NeuralForecaster

if TYPE_CHECKING:
    from torch import nn


@dataclass(kw_only=True)
class CNNLSTM(NeuralForecaster):
    """Convolution 32 -> convolution 64 -> max-pooling 2 -> LSTM(100) -> Dense(1).

    Source: the hybrid of Livieris et al. 2020, which S3 cites. Convolutions compute features of the
    window; the LSTM reads them in time order. We did not have the paper. The sizes (kernel and pooling
    of 2, 32 and 64 filters, 100 units) are those of its smaller model as other papers report them. The
    training is that of S3; 20 sessions and batches of 64 are our choice.

    References
    ----------
    Livieris, Pintelas and Pintelas 2020, A CNN-LSTM model for gold price time-series forecasting.

    Examples
    --------
    >>> CNNLSTM().summary(channels=5).trainable  # parameters to train
    70613
    """

    lookback: int = 20
    filters: int = 32
    hidden: int = 100
    epochs: int = 50
    batch_size: int | None = 64

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.lookback < 4:
            raise InputError(
                f"cnn_lstm has lookback {self.lookback}; two convolutions need at least 4"
            )

    def build(self, channels: int, lookback: int) -> nn.Module:
        """Return the network: [N, L, C] -> [N, 1]."""
        from torch import nn

        from forecasters.layers import LastStep, SwapAxes

        return nn.Sequential(
            SwapAxes(),  # [N, C, L]
            nn.Conv1d(channels, self.filters, kernel_size=2),  # [N, F, L - 1]
            nn.ReLU(),
            nn.Conv1d(self.filters, 2 * self.filters, kernel_size=2),  # [N, 2F, L - 2]
            nn.ReLU(),
            nn.MaxPool1d(kernel_size=2),  # [N, 2F, P]
            SwapAxes(),  # [N, P, 2F]
            nn.LSTM(2 * self.filters, self.hidden, batch_first=True),  # [N, P, H]
            LastStep(),  # [N, H]
            nn.Linear(self.hidden, 1),  # [N, 1]
        )
