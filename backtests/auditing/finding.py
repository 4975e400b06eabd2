"""The result of a check."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Status(Enum):
    """How a check ended. Only `FOUND` is a failure; `CANNOT_SAY`: the check has no power here."""

    PASSED = "passed"
    FOUND = "FOUND"
    CANNOT_SAY = "cannot say"
    REPORTED = "reported"


@dataclass(frozen=True)
class Finding:
    """One sentence of one check; after a failure it says where to look."""

    status: Status
    sentence: str = ""


PASSED = (Finding(Status.PASSED),)


def found(sentence: str) -> tuple[Finding, ...]:
    """Return the finding that something is wrong."""
    return (Finding(Status.FOUND, sentence),)


def cannot_say(sentence: str) -> tuple[Finding, ...]:
    """Return the finding that the check has no power here."""
    return (Finding(Status.CANNOT_SAY, sentence),)
