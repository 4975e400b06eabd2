"""Which forecasters of a run a source printed, and how they differ from what it printed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from forecasters.preset import Difference, Preset

if TYPE_CHECKING:
    from backtests.studies.plan import Plan


@dataclass(frozen=True)
class BesidePreset:
    """A forecaster beside a preset of its class.

    Attributes
    ----------
    label : str
        The forecaster as tables name it.
    named : str
        The preset as a user names it: ``cnn:preset=s3``.
    differences : tuple of Difference
        Empty where the forecaster and its inputs are those of the preset.
    """

    label: str
    named: str
    preset: Preset
    differences: tuple[Difference, ...]


def beside_presets(plan: Plan) -> tuple[BesidePreset, ...]:
    """Return the forecasters of a plan whose class has presets, beside each of them."""
    return tuple(
        BesidePreset(
            label,
            f"{forecaster.name}:preset={name}",
            preset,
            preset.differences(forecaster.get_params(), plan.features),
        )
        for label, forecaster in plan.forecasters.items()
        # a user's class that inherits from ours is another forecaster
        for name, preset in vars(type(forecaster)).get("presets", {}).items()
    )
