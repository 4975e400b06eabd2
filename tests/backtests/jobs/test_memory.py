"""Fits that have no room are refused before anything is built, with what they need and what there is."""

from __future__ import annotations

import pytest

from backtests.jobs import memory
from backtests.jobs.memory import GIB, check_fits
from backtests.sources.simulated import Simulated
from forecasters.errors import InputError
from forecasters.features import make_features
from forecasters.models.linear import Linear
from forecasters.walk_forward import WalkForward
from forecasters.walk_forward.fit import Fit


class Large(Linear):
    """Says that each fit takes 3 GiB."""

    def bytes_needed(self, rows: int, channels: int) -> int:
        return 3 * GIB


def fits(forecaster: Linear) -> tuple[Fit, ...]:
    features = make_features(Simulated().fetch("A.KS", "2016-01-01", "2016-05-01"))
    return WalkForward(train_size=40, step=10).fits(forecaster, features, (0,))


def test_one_fit_too_large_and_several_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "memory", lambda: 2 * GIB)
    with pytest.raises(InputError, match=r"needs about 3.0 GiB .* has 2.0 GiB: lower lookback"):
        check_fits(fits(Large()), 1)
    monkeypatch.setattr(memory, "memory", lambda: 7 * GIB)
    check_fits(fits(Large()), 2)
    with pytest.raises(InputError, match=r"3 fits .* 9.0 GiB .* --jobs 2"):
        check_fits(fits(Large()), 3)
    check_fits(fits(Large())[:2], 3)  # no more at once than there are
    monkeypatch.setattr(memory, "memory", lambda: None)
    check_fits(fits(Large()), 99)


@pytest.mark.parametrize("method", ["bytes_needed", "check_fit"])
@pytest.mark.parametrize("answer", [None, "3 GB", 1.5, True, -1])
def test_an_answer_that_is_no_number_of_bytes_is_the_mistake_of_its_author(
    method: str, answer: object
) -> None:
    cls = type("Odd", (Linear,), {method: lambda self, rows, channels: answer})
    with pytest.raises(
        InputError, match=rf"Odd\.{method} \(.*\) returned {answer!r}; .* whole number"
    ):
        check_fits(fits(cls()), 1)


def test_the_limit_of_a_container_counts(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    (tmp_path / "limit").write_text(f"{GIB}\n")
    (tmp_path / "none").write_text("max\n")
    monkeypatch.setattr(memory, "LIMITS", (str(tmp_path / "none"), str(tmp_path / "absent")))
    whole = memory.memory()
    assert whole is not None and whole > GIB
    monkeypatch.setattr(memory, "LIMITS", (str(tmp_path / "limit"),))
    assert memory.memory() == GIB
