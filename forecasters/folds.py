"""One fold of a walk-forward: which rows train, validate and test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecasters.errors import InputError


@dataclass(frozen=True)
class Fold:
    """Rows (half-open ranges over the sessions) of one retraining; the invariant is checked here.

    The label of row t is the close of t + horizon. So the last label that training may use lies
    at train.stop - 1 + horizon, and it must be known when the first test row is forecast, at the
    close of test.start. Equality is allowed because an order fills at the next open at the
    earliest.

    Attributes
    ----------
    fit, validation, test : range
        Rows whose windows are trained on, watched, and forecast. `validation` may be empty.
    horizon : int
        Sessions from a row to the close it forecasts.
    name : datetime64[D]
        The first test session.
    """

    fit: range
    validation: range
    test: range
    horizon: int
    name: np.datetime64

    def __post_init__(self) -> None:
        if not self.fit or not self.test or self.fit.start < 0:
            raise InputError(
                f"fold {self.name}: fit {self.fit} and test {self.test} must hold rows"
            )
        if self.horizon < 1:
            raise InputError(f"fold {self.name}: the horizon is {self.horizon}; the least is 1")
        before_test = self.validation if self.validation else self.fit
        for earlier, later in ((self.fit, self.validation), (before_test, self.test)):
            if later and earlier.stop - 1 + self.horizon > later.start:
                raise InputError(
                    f"fold {self.name}: the label of row {earlier.stop - 1} is known at row "
                    f"{earlier.stop - 1 + self.horizon}, after row {later.start} was to be forecast"
                )
