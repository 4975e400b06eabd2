"""This project: `fit_many` with one fit in each thread, trained by the compiled kernels.

Each fit also cuts its windows and makes a forecast, as in a run.
"""

import os

import numpy as np

from benchmarks.peers.jobs import LSTM, Work
from benchmarks.peers.peer import Training, main


def prepare(flags):
    import forecasters.engines.choice  # noqa: F401  # imports torch, as the first fit would
    from forecasters.walk_forward.fit_many import fit_many

    threads = flags.threads or len(os.sched_getaffinity(0))

    def train(work: list[Work]) -> list[Training]:
        fitted = fit_many([as_fit(one) for one in work], threads)
        return [Training(float(one.train_loss[-1])) for one in fitted]

    return train


def as_fit(one: Work):
    """Return the fit whose windows, not scaled again, are those of the work."""
    from forecasters.features import Features
    from forecasters.walk_forward.fit import Fit, Part
    from forecasters.walk_forward.folds import Fold

    lookback, channels = one.X.shape[1:]
    X = np.concatenate([one.rows, one.rows[-1:]]).astype(np.float64)  # one more row, to forecast
    sessions = np.datetime64("2000-01-01") + np.arange(len(X))
    first, stop = lookback - 1, len(X) - 1
    y = np.full(len(X), np.nan)
    y[first:stop] = one.y
    features = Features(
        ticker=f"fold {one.job.fold}",
        sessions=sessions,
        names=tuple(f"x{number}" for number in range(channels)),
        X=X,
        y=y,
        close=np.ones(len(X)),
        tradable=np.ones(len(X), dtype=bool),
    )
    fold = Fold(
        fit=range(first, stop),
        validation=range(stop, stop),
        test=range(stop, stop + 1),
        horizon=1,
        name=sessions[stop],
    )
    return Fit((Part(features, fold),), forecaster(one))


def forecaster(one: Work):
    """Return the project's forecaster with the network and schedule of this job."""
    from forecasters.models.cnn import CNN
    from forecasters.models.stacked_lstm import StackedLSTM

    job, network = one.job, one.job.network
    settings = {
        "lookback": one.X.shape[1],
        "scaler": "none",
        "epochs": job.epochs,
        "batch_size": job.batch,
        "engine": "native",
    }
    if isinstance(network, LSTM):
        return StackedLSTM(hidden=network.hidden, layers=network.layers, **settings)
    return CNN(
        filters=network.filters,
        activation=network.activation,
        architecture=network.architecture,
        dropout=network.dropout,
        **settings,
    )


if __name__ == "__main__":
    main(prepare)
