"""What an audit says: a table, the findings in sentences, JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from backtests.auditing.finding import Finding, Verdict
from backtests.auditing.register import Check, Examination

#: Forecasters in one block of the table.
BLOCK = 5

Answers = Sequence[tuple[Examination, tuple[Finding, ...]]]


def verdict_of(findings: Sequence[Finding]) -> Verdict:
    """Return the gravest verdict."""
    gravity = (Verdict.FOUND, Verdict.CANNOT_SAY, Verdict.REPORTED, Verdict.PASSED)
    return min((finding.verdict for finding in findings), key=gravity.index)


def is_clean(answers: Answers) -> bool:
    """Return whether nothing was found."""
    return all(verdict_of(findings) is not Verdict.FOUND for _, findings in answers)


def to_rows(answers: Answers) -> list[dict[str, Any]]:
    """Return the answers as JSON has them."""
    return [
        {
            "subject": examined.label,
            "check": examined.check.name,
            "does": examined.check.does,
            "verdict": verdict_of(findings).value,
            "sentences": [finding.sentence for finding in findings if finding.sentence],
        }
        for examined, findings in answers
    ]


def to_text(answers: Answers) -> str:
    """Return the tables, what was found and what each check does."""
    lines: list[str] = []
    for checks, labels in _tables(answers):
        for start in range(0, len(labels), BLOCK):
            lines += _table(answers, checks, labels[start : start + BLOCK])
    for verdict in (Verdict.FOUND, Verdict.CANNOT_SAY, Verdict.REPORTED):
        said = [
            f"- {examined.label}, {examined.check.name}: {finding.sentence}"
            for examined, findings in answers
            for finding in findings
            if finding.verdict is verdict
        ]
        if said:
            lines += ["", verdict.value, *said]
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
    told = {(e.check.name, e.label): verdict_of(findings).value for e, findings in answers}
    first = max(len(check.name) for check in checks)
    widths = [max(len(label), len(Verdict.CANNOT_SAY.value)) for label in labels]
    head = "  ".join(f"{label:<{w}}" for label, w in zip(labels, widths, strict=True))
    lines = ["", f"{'check':<{first}}  {head}".rstrip()]
    for check in checks:
        cells = (f"{told[check.name, n]:<{w}}" for n, w in zip(labels, widths, strict=True))
        lines.append(f"{check.name:<{first}}  {'  '.join(cells)}".rstrip())
    return lines
