"""A resolved grid: its forecasters, inputs and folds."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from backtests.grids.config import GridConfig
from backtests.grids.crossing import Crossing, cross, parse_axes
from backtests.grids.s3 import S3_TRAIN, is_s3
from backtests.jobs.parallel import Plugin
from backtests.plugins import parse
from backtests.runs.resolve import (
    describe_folds,
    describe_forecaster,
    files_behind,
    make_folds,
    make_forecasters,
)
from backtests.sources.extra_files import read_extra
from forecasters.bars import Bars
from forecasters.base import Forecaster
from forecasters.errors import InputError
from forecasters.features import make_features
from forecasters.inputs.extras import Extra
from forecasters.walk_forward import WalkForward
from forecasters.walk_forward.fit import Fit, Fitted
from forecasters.walk_forward.fixed_split import FixedSplit


@dataclass(frozen=True, eq=False)
class Search:
    """What a grid will train on bars.

    Attributes
    ----------
    forecasters : mapping
        Label to forecaster, naive first.
    s3_crossed : bool
        The grid has the fields and values of S3's; other settings may differ, and fields that S3 leaves
        open may be crossed too.
    s3 : bool
        Besides, what is judged was fitted on 80% of the sessions, as S3's figures were. Only then do
        they stand beside ours.
    described : dict
        The grid as the manifest and the key describe it.
    """

    crossing: Crossing
    forecasters: Mapping[str, Forecaster]
    walk_forward: WalkForward
    seeds: tuple[int, ...]
    extras: tuple[Extra, ...]
    files: tuple[Plugin, ...]
    s3_crossed: bool
    s3: bool
    described: dict[str, Any]

    def fits(self, bars: Bars) -> dict[str, tuple[Fit, ...]]:
        """Return the fits of each forecaster on these bars, sorted by label: those that choose.

        All forecast the same sessions, because the folds depend on the sessions alone.

        Raises
        ------
        InputError
            Too few bars for the folds, or for a window before the first training ends.
        """
        folds = self.walk_forward.split(bars.sessions)
        kinds = {variant.label: variant.features for variant in self.crossing.variants}
        features = {
            kind: make_features(bars, kind, self.walk_forward.horizon, self.extras)
            for kind in sorted(set(kinds.values()))
        }
        fits = {}
        for label in sorted(self.forecasters):  # in whatever order the user named them
            forecaster, inputs = self.forecasters[label], features[kinds[label]]
            inputs.require(forecaster.lookback, folds[0].fit)
            if inputs.warmup + forecaster.lookback > folds[0].fit.stop:  # before others are trained
                raise InputError(
                    f"{label}: no complete window of {forecaster.lookback} sessions among the "
                    f"{len(folds[0].fit)} to fit on; lower its lookback"
                )
            with_test_only = self.walk_forward.fits(forecaster, inputs, self.seeds)
            fits[label] = tuple(replace(fit, inside=True) for fit in with_test_only)
        return fits

    def refits(
        self, fits: Mapping[str, Sequence[Fit]], fitted: Mapping[str, Sequence[Fitted]]
    ) -> dict[str, tuple[Fit, ...]]:
        """Return the fits that are judged, in the same order: each again on all rows before its test.

        Empty where no fit kept validation rows aside: the first fits are then judged themselves.
        """
        if not any(fit.watched for of_label in fits.values() for fit in of_label):
            return {}
        return {
            label: tuple(map(Fit.refit, of_label, fitted[label]))
            for label, of_label in fits.items()
        }


def make_search(config: GridConfig) -> Search:
    """Return the grid with every name resolved.

    Raises
    ------
    InputError
        A name, a field or a value is unknown, or two variants are the same forecaster.
    """
    axes = parse_axes(config.cross)
    crossing = cross(config.forecaster, axes, config.beside, config.features)
    made = make_forecasters(config, [variant.text for variant in crossing.variants])
    forecasters = {v.label: made[parse(v.text).label] for v in crossing.variants}
    described = {
        variant.label: {
            **describe_forecaster(forecasters[variant.label]),
            "features": variant.features,
        }
        for variant in crossing.variants
    }
    _check_different(described)
    walk_forward = _make_folds(config)
    s3_crossed = is_s3(config.forecaster, axes)
    return Search(
        crossing=crossing,
        forecasters=forecasters,
        walk_forward=walk_forward,
        seeds=config.seed_list,
        extras=tuple(read_extra(Path(name)) for name in config.extra),
        files=files_behind(forecasters.values()),
        s3_crossed=s3_crossed,
        s3=s3_crossed and _fits_on_80_percent(walk_forward),
        described={
            "forecasters": described,
            "walk_forward": describe_folds(walk_forward),
            "seeds": list(config.seed_list),
            "judged": "fits on all rows before the test",
        },
    )


def _make_folds(config: GridConfig) -> WalkForward:
    """Return the folds; without validation in a split, the newest share of its training part is used."""
    folds = make_folds(config)
    if isinstance(folds, FixedSplit) and folds.shares[1] == 0:
        train, _, test = folds.shares
        watched = round(train * config.validation)
        return replace(folds, shares=(train - watched, watched, test))
    return folds


def _fits_on_80_percent(folds: WalkForward) -> bool:
    """Return whether all rows before the test are the first 80% of the sessions."""
    return isinstance(folds, FixedSplit) and folds.shares[-1] == 100 - S3_TRAIN


def _check_different(described: Mapping[str, Any]) -> None:
    """Refuse two variants with the same settings: they would count as two trials."""
    labels: dict[str, str] = {}
    for label, description in described.items():
        same = labels.setdefault(json.dumps(description, sort_keys=True), label)
        if same != label:
            raise InputError(f"'{same}' and '{label}' are the same forecaster: leave one out")
