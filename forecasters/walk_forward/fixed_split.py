"""One fixed split, as the sources use: the walk-forward with one fold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

from forecasters.bars import Days
from forecasters.errors import InputError
from forecasters.walk_forward.folds import Fold
from forecasters.walk_forward.plan import WalkForward


@dataclass(frozen=True)
class FixedSplit(WalkForward):
    """Train, perhaps validate, and test on shares of the sessions. Source: S1 70:15:15, S2 70:30, S3 80:20.

    For reproducing the sources. The plan is drawn from how many sessions there are: unlike
    `WalkForward`, a later bar moves it, and forecasts of the past with it.

    Attributes
    ----------
    shares : tuple of int
        Percent to train, validate (0: none) and test; their sum is 100.

    Raises
    ------
    InputError
        The shares are not 100 in all, or one part has no share.

    Examples
    --------
    >>> import numpy as np
    >>> sessions = np.arange("2019-01-01", "2019-01-11", dtype="datetime64[D]")
    >>> (fold,) = FixedSplit.parse("70:30").split(sessions)
    >>> fold.fit, fold.test
    (range(0, 7), range(7, 10))
    """

    name: ClassVar[str] = "fixed_split"

    shares: tuple[int, int, int] = (70, 0, 30)

    def __post_init__(self) -> None:
        super().__post_init__()
        train, watched, test = self.shares
        if sum(self.shares) != 100 or train < 1 or watched < 0 or test < 1:
            raise InputError(
                f"the split {':'.join(map(str, self.shares))} is not 100 in all with a part to train and one to test: "
                "write 70:30 (train:test) or 70:15:15 (train:validation:test)"
            )

    @classmethod
    def parse(cls, text: str, purge: int = 0, horizon: int = 1) -> Self:
        """Return the plan that ``70:30`` or ``70:15:15`` means."""
        try:
            parts = [int(part) for part in text.split(":")]
        except ValueError:
            parts = []
        if len(parts) == 2:
            parts.insert(1, 0)
        if len(parts) != 3:
            raise InputError(f"--split is '{text}'; write 70:30 or 70:15:15")
        return cls(purge=purge, horizon=horizon, shares=(parts[0], parts[1], parts[2]))

    def split(self, sessions: Days) -> tuple[Fold, ...]:
        """Return the one fold.

        Raises
        ------
        InputError
            A part of it would hold no session.
        """
        gap = self.horizon - 1 + self.purge
        train, watched, _ = self.shares
        test = sessions.size * (train + watched) // 100
        first_watched = sessions.size * train // 100 if watched else test
        try:
            if watched and first_watched >= test - gap:
                raise InputError("the validation part would hold no session")
            fold = Fold(
                fit=range(first_watched - gap),
                validation=range(first_watched, test - gap) if watched else range(0),
                test=range(test, sessions.size),
                horizon=self.horizon,
                name=sessions[min(test, sessions.size - 1)],
            )
        except InputError as error:
            raise InputError(
                f"{sessions.size} sessions are too few for this split: {error}"
            ) from error
        return (fold,)
