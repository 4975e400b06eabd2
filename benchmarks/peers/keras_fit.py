"""Keras as its guides use it: a new model for each fit, `compile`, `fit`; on TensorFlow or JAX."""

import os
import time

from benchmarks.peers.jobs import LSTM, Job, Work
from benchmarks.peers.peer import Training, main, one_by_one


def prepare(flags):
    os.environ["KERAS_BACKEND"] = flags.backend
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import keras

    class FirstEpoch(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            if epoch == 0:
                self.ended = time.perf_counter()

    def fit(work: Work) -> Training:
        job, first = work.job, FirstEpoch()
        model = build(keras, job, work.X.shape[1:])
        model.compile(optimizer="adam", loss="mse")
        history = model.fit(
            work.X, work.y, epochs=job.epochs, batch_size=job.batch, verbose=0, callbacks=[first]
        )
        later = time.perf_counter() - first.ended
        return Training(history.history["loss"][-1], later * job.epochs / (job.epochs - 1))

    return one_by_one(fit)


def build(keras, job: Job, shape: tuple[int, ...]):
    layers, network = keras.layers, job.network
    if isinstance(network, LSTM):
        body = [
            layers.LSTM(network.hidden, return_sequences=number < network.layers - 1)
            for number in range(network.layers)
        ]
    else:
        body = [
            layers.Conv1D(network.filters, 3, activation=network.activation),
            layers.Conv1D(network.filters, 3, activation=network.activation),
        ]
        if network.architecture >= 2:
            body.append(layers.MaxPooling1D(3, 3))
        if network.architecture == 3:
            body.append(layers.Dropout(network.dropout))
        body.append(layers.Flatten())
    return keras.Sequential([keras.Input(shape), *body, layers.Dense(1)])


if __name__ == "__main__":
    main(prepare)
