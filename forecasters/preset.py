"""Settings that a source printed, under a name of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Difference:
    """A value of a forecaster that is not that of the source."""

    name: str
    here: Any
    there: Any


@dataclass(frozen=True)
class Preset:
    """A forecaster as a source printed it: ``cnn:preset=s3``.

    Attributes
    ----------
    about : str
        What it is, with its source.
    settings : mapping
        What the name stands for: the settings that it sets.
    training : mapping
        Other settings of the source, which the forecaster has by default and flags may change.
    features, split : str
        Inputs and split of the source. They belong to a run, so no forecaster can set them.
    """

    about: str
    settings: Mapping[str, Any]
    training: Mapping[str, Any]
    features: str
    split: str

    def differences(self, settings: Mapping[str, Any], features: str) -> tuple[Difference, ...]:
        """Return what is not as the source printed it.

        Examples
        --------
        >>> best = Preset("a best network", {"filters": 256}, {"epochs": 50}, "ohlcv+indicators", "80:20")
        >>> best.differences({"filters": 64, "epochs": 50}, "ohlcv+indicators")
        (Difference(name='filters', here=64, there=256),)
        """
        here = {**settings, "features": features}
        there = {**self.settings, **self.training, "features": self.features}
        return tuple(
            Difference(name, here[name], value)
            for name, value in there.items()
            if here[name] != value
        )
