"""The networks in torch, as its tutorials write them."""

import torch
from torch import nn

from benchmarks.peers.jobs import CNN, LSTM, Job


class StackedLSTM(nn.Module):
    def __init__(self, channels: int, network: LSTM) -> None:
        super().__init__()
        self.lstm = nn.LSTM(channels, network.hidden, network.layers, batch_first=True)
        self.dense = nn.Linear(network.hidden, 1)

    def forward(self, x):  # [N, L, C] -> [N]
        return self.dense(self.lstm(x)[0][:, -1])[:, 0]


class Convolutions(nn.Module):
    def __init__(self, channels: int, lookback: int, network: CNN) -> None:
        super().__init__()
        activation = {"relu": nn.ReLU, "tanh": nn.Tanh}[network.activation]
        layers = [nn.Conv1d(channels, network.filters, 3), activation()]
        layers += [nn.Conv1d(network.filters, network.filters, 3), activation()]
        steps = lookback - 4
        if network.architecture >= 2:
            layers.append(nn.MaxPool1d(3, 3))
            steps //= 3
        if network.architecture == 3:
            layers.append(nn.Dropout(network.dropout))
        self.layers = nn.Sequential(*layers, nn.Flatten(), nn.Linear(network.filters * steps, 1))

    def forward(self, x):  # [N, L, C] -> [N]
        return self.layers(x.transpose(1, 2))[:, 0]


def build(job: Job, shape: tuple[int, ...]) -> nn.Module:
    """Return a new network for windows of this shape."""
    torch.manual_seed(job.fold)
    lookback, channels = shape
    if isinstance(job.network, LSTM):
        return StackedLSTM(channels, job.network)
    return Convolutions(channels, lookback, job.network)
