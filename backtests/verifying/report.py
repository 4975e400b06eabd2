"""What a comparison says: sentences, JSON, a page of Markdown."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from backtests.verifying.finding import Comparison, Finding
from backtests.writing.plain import printable

#: The heading of each kind.
HEADINGS = {
    "bars": "bars",
    "input": "other inputs",
    "code": "code",
    "library": "libraries",
    "engine": "engine and machine",
    "configuration": "configuration",
    "fit": "fits",
    "forecast": "forecasts",
    "fill": "fills",
    "equity": "equity",
    "metric": "metrics",
    "verdict": "verdict",
    "table": "other tables",
    "manifest": "manifest",
    "file": "files",
}
#: Findings of one kind that are shown; `--json` has all.
SHOWN = 12
#: Letters of a sha256 that are shown.
SHORT = 12
EDITED = "the file was changed after the run: the manifest still has the sha256 of what came out"
#: Letters of another value that are shown.
LONGEST = 160


def to_text(comparison: Comparison) -> str:
    """Return the comparison as lines for a terminal."""
    lines = [_headline(comparison)]
    for heading, sentences in _by_kind(comparison):
        lines += ["", f"{heading}:", *(f"  - {sentence}" for sentence in sentences)]
    lines += [*([""] if comparison.notes else []), *comparison.notes]
    return "\n".join(map(printable, lines))


def to_markdown(comparison: Comparison) -> str:
    """Return the comparison as Markdown, for the summary of a job in CI."""
    mark = "✅" if comparison.same else "❌"
    lines = [f"## {mark} Backtest: {'the same' if comparison.same else 'different'}", ""]
    lines.append(_plain(_headline(comparison)))
    for heading, sentences in _by_kind(comparison):
        lines += ["", f"### {heading.capitalize()}", *(f"- {_plain(text)}" for text in sentences)]
    lines += [line for note in comparison.notes for line in ("", _plain(note))]
    return "\n".join(lines) + "\n"


def cannot_tell(why: str) -> str:
    """Return the Markdown of a run that cannot be made again."""
    return f"## ⚠️ Backtest: cannot tell\n\n{_plain(why)}\n"


def to_json(comparison: Comparison) -> dict[str, Any]:
    """Return the comparison as JSON has it: every finding with its sentence."""
    return {
        "same": comparison.same,
        "before": comparison.before,
        "after": comparison.after,
        "digest": comparison.digest,
        "notes": list(comparison.notes),
        "findings": [_finding(f) for f in comparison.findings],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    known = finding.largest is not None and math.isfinite(finding.largest)
    return {
        **{name: _finite(value) for name, value in asdict(finding).items()},
        "largest": finding.largest if known else None,
        "sentence": sentence(finding),
    }


def _finite(value: Any) -> Any:
    """Return a value without numbers that JSON does not know."""
    if isinstance(value, Mapping):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def sentence(finding: Finding) -> str:
    """Return a finding in words.

    Examples
    --------
    >>> sentence(Finding("library", "pandas", "2.3.2", "2.3.3"))
    'pandas: 2.3.2, now 2.3.3'
    >>> sentence(Finding("fill", "five_percent on rnn, 051900.KS", unit="fill", of=9, missing=1, first="BUY"))
    'five_percent on rnn, 051900.KS: 1 fill is gone, the first BUY'
    """
    if finding.kind == "file":
        return f"{finding.where} {finding.note} since the run"
    text = ", ".join(_counts(finding))
    if finding.before is not None or finding.after is not None:
        values = f"{_shown(finding, finding.before)}, now {_shown(finding, finding.after)}"
        value = f"{finding.what} {values}" if finding.what else values
    else:
        value = ""
    if finding.first:
        place = f"the first {finding.first}" if text else finding.first
        text = ", ".join(filter(None, (text, place)))
    text = ": ".join(filter(None, (finding.where, text, value)))
    notes = "; ".join(filter(None, (EDITED if finding.edited else "", finding.note)))
    return f"{text} ({notes})" if notes else text


def _counts(finding: Finding) -> Iterator[str]:
    """Return how many differ, are missing and are new, and by how much."""
    if finding.count:
        of = f" of {finding.of:,}" if finding.of else ""
        verb = "differs" if finding.count == 1 else "differ"
        yield f"{finding.count:,}{of} {_units(finding, finding.of or finding.count)} {verb}"
    # Of a file that was edited, what came out again is what the file had.
    words = ("too many in the file", "missing in the file") if finding.edited else ("gone", "new")
    for number, word in zip((finding.missing, finding.added), words, strict=True):
        if number:
            yield f"{number:,} {_units(finding, number)} {'is' if number == 1 else 'are'} {word}"
    if finding.largest is not None:
        yield f"largest relative difference {finding.largest:.2g}"


def _units(finding: Finding, number: int) -> str:
    return finding.unit if number == 1 else f"{finding.unit}s"


def _by_kind(comparison: Comparison) -> Iterator[tuple[str, list[str]]]:
    """Return the headings, causes first, each with its sentences."""
    for kind, heading in HEADINGS.items():
        sentences = [sentence(f) for f in comparison.findings if f.kind == kind]
        if len(sentences) > SHOWN:
            more = len(sentences) - SHOWN
            sentences = [*sentences[:SHOWN], f"and {more} more (--json names all)"]
        if sentences:
            yield heading, sentences


def _headline(comparison: Comparison) -> str:
    """Return the first line: the same or different, and what was compared."""
    beside = f"{comparison.before} beside {comparison.after}"
    if not comparison.findings:
        digest = f"; digest {comparison.digest[:SHORT]}" if comparison.digest else ""
        return f"the same: {beside}{digest}"
    if comparison.same:
        return f"the same results, although the programs moved: {beside}"
    kinds = [heading for heading, _ in _by_kind(comparison)]
    return f"different: {beside}; what moved: {', '.join(kinds)}"


def _shown(finding: Finding, value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return (
            f"{value:,.17g}"
            if finding.kind in ("fit", "forecast", "metric", "equity")
            else f"{value:,.10g}"
        )
    if isinstance(value, int):
        return f"{value:,}"
    text = " ".join(map(str, value)) if isinstance(value, list) else str(value)
    if len(text) == 64 and all(c in "0123456789abcdef" for c in text):
        return text[:SHORT]
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def _plain(text: str) -> str:
    """Return a text whose signs Markdown does not read."""
    return "".join(f"\\{c}" if c in "\\`*_[]<>#|~" else c for c in printable(text))
