"""neuralforecast's LSTM: a fresh model and `fit` for each fold, as many steps of as many windows.

`cross_validation(refit=True)`, which its guides use, also forecasts; what is timed here is less.
The close of a fold's rows is its series, the other inputs are historic exogenous columns. Lightning's
logs, checkpoints and bars are off.
"""

import logging
import math
import warnings

import numpy as np

from benchmarks.peers.jobs import LSTM, Work
from benchmarks.peers.peer import Training, main, one_by_one

CLOSE = 3


def prepare(flags):
    warnings.filterwarnings("ignore")
    import pandas as pd
    import torch
    from neuralforecast import NeuralForecast
    from neuralforecast.losses.pytorch import MSE
    from neuralforecast.models import LSTM as Model

    for name in ("lightning", "pytorch_lightning", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.ERROR)
    torch.set_num_threads(flags.threads or torch.get_num_threads())

    def fit(work: Work) -> Training:
        job, network = work.job, work.job.network
        if not isinstance(network, LSTM):
            raise SystemExit("neuralforecast has no such convolutional network")
        last = work.X[-1:, -1].copy()  # the close of one more row is the last target
        last[:, CLOSE] = work.y[-1]
        series = np.concatenate([work.rows, last])
        names = [f"x{number}" for number in range(series.shape[1])]
        names[CLOSE] = "y"
        table = pd.DataFrame(series, columns=names)
        table["unique_id"] = "ticker"
        table["ds"] = pd.date_range("2000-01-01", periods=len(table), freq="D")
        steps = math.ceil(len(work.y) / job.batch)
        model = Model(
            h=1,
            input_size=work.X.shape[1],
            encoder_n_layers=network.layers,
            encoder_hidden_size=network.hidden,
            decoder_layers=1,
            hist_exog_list=[name for name in names if name != "y"],
            loss=MSE(),
            max_steps=steps * job.epochs,
            learning_rate=1e-3,
            num_lr_decays=-1,
            batch_size=1,
            windows_batch_size=job.batch,
            scaler_type="identity",
            random_seed=job.fold,
            accelerator="cpu",
            logger=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            enable_checkpointing=False,
        )
        forecast = NeuralForecast(models=[model], freq="D")
        forecast.fit(table)
        losses = [loss for _, loss in forecast.models[0].train_trajectories]
        return Training(float(np.mean(losses[-steps:])))

    return one_by_one(fit)


if __name__ == "__main__":
    main(prepare)
