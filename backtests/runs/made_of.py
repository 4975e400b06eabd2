"""What a run is made of: data, code, versions, and the key over all of them."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from backtests.runs.code import NUMBERS, PACKAGE, digest_of_files, installed
from backtests.universe.volume_steps import volume_steps
from forecasters.bars import Bars
from forecasters.inputs.extras import Extra

#: Version of the manifest's form.
SCHEMA = 1

#: Libraries whose version can change a number. The processor can change one too (see the README).
LIBRARIES = (
    "numpy",
    "torch",
    "pandas",
    "backtrader",
    "yfinance",
    "arch",
    "TA-Lib",
    "scikit-learn",
    "statsmodels",
)


def key_of(made_of: Mapping[str, Any]) -> str:
    """Return the sha256 of what a run is made of; the order of its parts does not matter."""
    text = json.dumps(made_of, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def versions() -> dict[str, str]:
    """Return the versions of Python, of this package and of the libraries behind the numbers."""
    return {
        "python": platform.python_version(),
        "code": digest_of_files(NUMBERS),
        **installed((PACKAGE, *LIBRARIES)),
    }


def describe(bars: Bars, extras: Sequence[Extra] = ()) -> dict[str, Any]:
    """Return the manifest's entry for the bars of one ticker and the extra columns used with them."""
    origin = bars.origin
    return {
        "ticker": bars.ticker,
        "source": origin.source,
        "vendor": origin.vendor,
        "simulated": origin.simulated,
        "adjusted": origin.adjusted,
        "repaired": {
            "halts": bars.halts,
            "widened": bars.widened,
            "dropped": origin.dropped,
            "splits": [{"before": before, "ratio": ratio} for before, ratio in origin.splits],
            "findings": [
                {"kind": kind, "rows": rows, "first": first}
                for kind, rows, first in origin.findings
            ],
        },
        "currency": origin.currency or None,
        "currency_before": origin.currency_before or None,
        "as_is": list(origin.as_is),
        "missing": {
            "dropped": origin.incomplete,
            "filled": origin.filled,
            "first": origin.first_missing or None,
        },
        "rows": len(bars),
        "first": str(bars.sessions[0]),
        "last": str(bars.sessions[-1]),
        "sha256": bars.digest,
        "volume_steps": [asdict(step) for step in volume_steps(bars)],
        "extras": [
            {"file": e.file, "columns": list(e.names), "rows": len(e), "sha256": e.digest}
            for e in (extra.of(bars.ticker, bars.sessions[-1]) for extra in extras)
        ],
    }
