"""Fixed-b critical values of a t statistic with Bartlett's kernel: `python benchmarks/fixed_b.py`.

Prints the table that `backtests/statistics/fixed_b.py` holds, and its error.

Kiefer and Vogelsang (2005) let the bandwidth be a share b of the sample. The t statistic then tends to
Z / sqrt(Q): Z is normal, and Q, the variance that Bartlett's kernel finds in a Brownian bridge, is
independent of it and a weighted sum of squared normals. They simulated its quantiles at four levels. Given the
weights, no simulation is needed: with Craig's form of the normal tail (1991)

    P(Z / sqrt(Q) > t) = 1/pi * integral over 0..pi/2 of prod_i (1 + t^2 w_i / sin^2 a)^(-1/2) da,

a smooth integral whose far tail is as accurate as its middle. The weights are the eigenvalues of the
kernel on a grid; two grids, extrapolated, leave an error far below that of the fitted table. A
simulation of bridges is printed beside it as a check of this algebra.
"""

import math

import numpy as np

#: Normal scores and bandwidths that the table is fitted on: every one of its levels, all b to 1.
SCORES = np.arange(0.25, 5.51, 0.25)
BANDWIDTHS = (
    np.array((0.5, 1, 2, 3, 4, 5, 7, 10, 13, 16, 20, 25, 30, 35, 40, 50, 60, 70, 80, 90, 100)) / 100
)
#: Powers of b and of the score: critical value = z + sum of c[k, j] b^k z^(2 j - 1).
POWERS_OF_B, POWERS_OF_Z = 6, 5
#: Kiefer and Vogelsang 2005, table 1, Bartlett: level, then the cubic in b.
PUBLISHED = {
    0.10: (1.2816, 1.3040, 0.5135, -0.3386),
    0.05: (1.6449, 2.1859, 0.3142, -0.3427),
    0.025: (1.9600, 2.9694, 0.4160, -0.5324),
    0.01: (2.3263, 4.1618, 0.5368, -0.9060),
}
SEED, DRAWS, STEPS = 0, 20_000, 1_000


def weights(b, steps):
    """Return the weights of Q on a grid of so many steps."""
    lag = np.abs(np.subtract.outer(np.arange(steps), np.arange(steps)))
    kernel = np.maximum(0.0, 1.0 - lag / (b * steps))
    kernel -= kernel.mean(axis=0)
    kernel -= kernel.mean(axis=1, keepdims=True)
    return np.clip(np.linalg.eigvalsh(kernel) / steps, 0.0, None)


def distribution(b):
    """Return the function that gives P(Z / sqrt(Q) > t) of an array of t."""
    steps = 300 if b >= 0.02 else 800
    nodes, mass = np.polynomial.legendre.leggauss(80)
    sine = np.sin((nodes + 1) * math.pi / 4) ** 2
    coarse, fine = (weights(b, n) / sine[:, None] for n in (steps, 2 * steps))

    def above(t):
        square = np.asarray(t)[:, None, None] ** 2
        one, two = (
            np.exp(-0.5 * np.log1p(square * w).sum(axis=-1)) @ mass / 4 for w in (coarse, fine)
        )
        return 2 * two - one  # the error falls as 1 / steps

    return above


def quantiles(p, b):
    """Return the t that are exceeded with probability p, by bisection."""
    above = distribution(b)
    low, high = np.zeros(p.size), np.full(p.size, 60.0)
    for _ in range(45):
        middle = (low + high) / 2
        beyond = above(middle) > p
        low, high = np.where(beyond, middle, low), np.where(beyond, high, middle)
    return (low + high) / 2


def fit(values):
    """Return c[k, j] by least squares, with equal weight for equal errors in the score."""
    b, z = np.meshgrid(BANDWIDTHS, SCORES, indexing="ij")
    terms = np.stack(
        [
            b**k * z ** (2 * j - 1)
            for k in range(1, POWERS_OF_B + 1)
            for j in range(1, POWERS_OF_Z + 1)
        ],
        axis=-1,
    )
    slope = np.gradient(values, SCORES, axis=1)
    left, right = terms / slope[..., None], (values - z) / slope
    solution = np.linalg.lstsq(left.reshape(-1, terms.shape[-1]), right.ravel(), rcond=None)[0]
    error = np.abs(left @ solution - right)
    return solution.reshape(POWERS_OF_B, POWERS_OF_Z), error


def simulated(b, rng):
    """Return draws of Z / sqrt(Q) from random walks of `STEPS` steps."""
    m = round(b * STEPS)
    out = []
    for _ in range(DRAWS // 1000):
        e = rng.standard_normal((1000, STEPS))
        mean = e.mean(axis=1)
        walk = np.cumsum(e - mean[:, None], axis=1)
        walk[:, -1] = 0.0
        # Bartlett's estimate is the mean square of the moving sums, cut off at both ends.
        padded = np.concatenate([np.zeros((1000, m)), walk, np.zeros((1000, m - 1))], axis=1)
        sums = padded[:, m:] - padded[:, :-m]
        out.append(math.sqrt(STEPS) * mean / np.sqrt((sums**2).sum(axis=1) / (m * STEPS)))
    return np.concatenate(out)


def main() -> None:
    """Print the table, its error, and published and simulated values beside it."""
    p = np.array([0.5 * math.erfc(z / math.sqrt(2)) for z in SCORES])
    values = np.array([quantiles(p, b) for b in BANDWIDTHS])
    table, error = fit(values)
    print("COEFFICIENTS = (")
    for row in table:
        print("    (" + ", ".join(f"{c:.6g}" for c in row) + "),")
    print(")")
    below = SCORES <= 3.5
    print(
        f"largest error of the score: {error[:, below].max():.4f} up to 3.5, {error.max():.4f} up to 5.5"
    )
    print("\n| b | level | exact | published cubic | simulated |\n| --- | --- | --- | --- | --- |")
    for b in (0.02, 0.05, 0.1, 0.2, 0.5, 1.0):
        drawn = simulated(b, np.random.default_rng([SEED, round(1000 * b)]))
        for level, cubic in PUBLISHED.items():
            exact = quantiles(np.array([level]), b)[0]
            cut = sum(c * b**k for k, c in enumerate(cubic))
            print(
                f"| {b} | {level} | {exact:.3f} | {cut:.3f} | {np.quantile(drawn, 1 - level):.3f} |"
            )


if __name__ == "__main__":
    main()
