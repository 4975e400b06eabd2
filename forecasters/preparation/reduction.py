"""Fewer inputs: principal components or singular vectors of the fit rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from forecasters.bars import Floats
from forecasters.errors import InputError

#: PCA looks at deviations from the mean, SVD at the values themselves.
REDUCTIONS = ("pca", "svd")


@dataclass(frozen=True, eq=False)
class Reduction:
    """A projection of C columns onto k.

    Attributes
    ----------
    centre : float64, shape [C]
        Subtracted first: the mean of the fit rows, or zero.
    directions : float64, shape [k, C]
        Orthonormal; the entry of each that is largest in absolute value is positive.
    """

    centre: Floats
    directions: Floats

    def transform(self, values: Floats) -> Floats:
        """Return `values` [N, C] along the directions, [N, k].

        It adds column by column, in one order: the rounding of a matrix product depends on its shape,
        so earlier rows would change in their last bits when later rows are appended.
        """
        apart = values - self.centre
        return sum(
            (
                apart[:, column, None] * direction
                for column, direction in enumerate(self.directions.T)
            ),
            start=np.zeros((len(values), len(self.directions))),
        )


def fit_reduction(name: str, rows: Floats, components: int) -> Reduction:
    """Return the reduction of scaled `rows` [N, C], the fit rows of one fold, to `components`.

    Source: S3 asks for PCA and SVD of the inputs.

    Raises
    ------
    InputError
        More components than columns.
    """
    if components > rows.shape[1]:
        raise InputError(
            f"{components} components of {rows.shape[1]} inputs; give at most {rows.shape[1]}"
        )
    centre = rows.mean(axis=0) if name == "pca" else np.zeros(rows.shape[1])
    apart = rows - centre
    directions = np.linalg.eigh(apart.T @ apart).eigenvectors.T[::-1][:components]  # largest first
    largest = np.abs(directions).argmax(axis=1)
    signs = np.sign(directions[np.arange(components), largest])
    return Reduction(centre, directions * signs[:, None])
