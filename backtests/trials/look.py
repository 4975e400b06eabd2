"""The daily series that a trial was judged by: what the ledger keeps of it."""

from __future__ import annotations

from dataclasses import dataclass

from forecasters.bars import Days, Floats

#: What was judged: the errors of a forecaster beside naive's, or the timing of a rule.
FORECAST, TIMING = "forecast", "timing"


@dataclass(frozen=True, eq=False)
class Look:
    """A series whose mean is tested against 0.

    Attributes
    ----------
    kind : str
        `FORECAST`: the absolute error of naive less that of the forecaster. `TIMING`: the return of
        the account less that of the same exposure held evenly.
    sessions : datetime64[D], shape [N]
    daily : float64, shape [N]
    """

    kind: str
    sessions: Days
    daily: Floats
