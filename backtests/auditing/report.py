"""An audit as text and as JSON: a table, and the findings in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from backtests.auditing.finding import Finding, Status
from backtests.auditing.register import Check, Examination

#: Forecasters side by side in one block of the table.
BLOCK = 5

Answers = Sequence[tuple[Examination, tuple[Finding, ...]]]


def status_of(findings: Sequence[Finding]) -> Status:
    """Return the gravest status."""
    gravity = (Status.FOUND, Status.CANNOT_SAY, Status.REPORTED, Status.PASSED)
    return min((finding.status for finding in findings), key=gravity.index)


def is_clean(answers: Answers) -> bool:
    """Return whether no check found anything."""
    return all(status_of(findings) is not Status.FOUND for _, findings in answers)


def to_rows(answers: Answers) -> list[dict[str, Any]]:
    """Return the answers for JSON."""
    return [
        {
            "subject": examined.label,
            "check": examined.check.name,
            "does": examined.check.does,
            "verdict": status_of(findings).value,
            "sentences": [finding.sentence for finding in findings if finding.sentence],
        }
        for examined, findings in answers
    ]


def to_text(answers: Answers) -> str:
    """Return the tables, the findings, and what each check does."""
    lines: list[str] = []
    for checks, labels in _tables(answers):
        for start in range(0, len(labels), BLOCK):
            lines += _table(answers, checks, labels[start : start + BLOCK])
    for status in (Status.FOUND, Status.CANNOT_SAY, Status.REPORTED):
        sentences = [
            f"- {examined.label}, {examined.check.name}: {finding.sentence}"
            for examined, findings in answers
            for finding in findings
            if finding.status is status
        ]
        if sentences:
            lines += ["", status.value, *sentences]
    lines += ["", "what each check does"]
    names = {examined.check.name: examined.check.does for examined, _ in answers}
    width = max(map(len, names))
    lines += [f"  {name:<{width}}  {does}" for name, does in names.items()]
    return "\n".join(lines)


def _tables(answers: Answers) -> list[tuple[list[Check], list[str]]]:
    """Return the checks and the labels of the forecasters, then those of the rules."""
    tables: list[tuple[list[Check], list[str]]] = []
    for label in dict.fromkeys(examined.label for examined, _ in answers):
        checks = [examined.check for examined, _ in answers if examined.label == label]
        same = next((labels for known, labels in tables if known == checks), None)
        if same is None:
            tables.append((checks, [label]))
        else:
            same.append(label)
    return tables


def _table(answers: Answers, checks: Sequence[Check], labels: Sequence[str]) -> list[str]:
    words = {(e.check.name, e.label): status_of(findings).value for e, findings in answers}
    first = max(len(check.name) for check in checks)
    widths = [max(len(label), len(Status.CANNOT_SAY.value)) for label in labels]
    head = "  ".join(f"{label:<{w}}" for label, w in zip(labels, widths, strict=True))
    lines = ["", f"{'check':<{first}}  {head}".rstrip()]
    for check in checks:
        cells = (f"{words[check.name, n]:<{w}}" for n, w in zip(labels, widths, strict=True))
        lines.append(f"{check.name:<{first}}  {'  '.join(cells)}".rstrip())
    return lines
