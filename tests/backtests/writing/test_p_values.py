"""P values, probabilities and intervals as a page writes them."""

from __future__ import annotations

import pytest

from backtests.writing.numbers import between, number, p_text, probability

SHOWN = {
    None: "–", 0.0: "<0.001", 0.00099: "<0.001", 0.001: "0.001", 0.0496: "0.0496", 0.0503: "0.0503",
    0.0494: "0.049", 0.0994: "0.099", 0.0996: "0.10",    0.4321: "0.43", 1.0: "1.00",
}  # fmt: skip


@pytest.mark.parametrize(("p", "text"), SHOWN.items())
def test_a_p_value_as_it_is_shown(p: float | None, text: str) -> None:
    assert p_text(p) == text


def test_no_probability_rounds_to_certainty() -> None:
    written = [probability(p) for p in (None, 0.0, 0.0004, 0.5, 0.9004, 0.9996, 1.0)]
    assert written == ["\u2013", "<0.1%", "<0.1%", "50.0%", "90.0%", ">99.9%", ">99.9%"]


def test_an_interval_without_an_end_is_a_dash() -> None:
    assert between(None, 1.0, number) == "\u2013"
    assert between(-0.5, 1.25, number) == "-0.50 to 1.25"
