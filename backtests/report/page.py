"""The page of a study: all that a run found, section by section."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from backtests.judging.deflation import DeflatedChance, Deflation
from backtests.judging.judgement import Judgement
from backtests.judging.overall import Overall
from backtests.judging.sensitivity import Sweep
from backtests.report.blocks import Figure, Listing, Page, Part, Section, Text
from backtests.report.charts.study import draw_figures
from backtests.report.lead import findings
from backtests.report.opening import span_of, tiles_of
from backtests.report.rendering import render
from backtests.report.sections.calls import section as calls_of
from backtests.report.sections.chance import section as chance_section
from backtests.report.sections.conventions import conventions
from backtests.report.sections.diagnosis import section as diagnoses_of
from backtests.report.sections.exits import Exits
from backtests.report.sections.exits import section as exits_of
from backtests.report.sections.facts import facts
from backtests.report.sections.files import FILES, files_section
from backtests.report.sections.measures import folds_section
from backtests.report.sections.measures import section as measures_section
from backtests.report.sections.members import timeline
from backtests.report.sections.overall import headline as overall_headline
from backtests.report.sections.overall import section as overall_section
from backtests.report.sections.overall import words as overall_words
from backtests.report.sections.results import section as results_section
from backtests.report.sections.sensitivity import section as sensitivity_of
from backtests.report.sections.shifts import section as shifts_of
from backtests.report.sections.skill import section as skill_section
from backtests.report.sections.timing import section as timing_section
from backtests.report.sections.trades import trades_section
from backtests.report.sections.verdict import power_sentences
from backtests.report.sections.verdict import section as verdict_of
from backtests.report.summary import Summary
from backtests.writing.atomic import write_text
from backtests.writing.marks import marked

__all__ = ["FILES", "write_index"]


def write_index(
    folder: Path,
    summary: Summary,
    manifest: Mapping[str, Any],
    tearsheets: Mapping[str, str],
    root: str = "",
    deflation: Deflation | None = None,
    overall: Overall | None = None,
) -> Path:
    """Write ``index.html`` and ``figures/`` of a study into `folder`; return the page's path.

    Parameters
    ----------
    manifest : mapping
        Shown are `key`, `digest` and `config`.
    tearsheets : mapping
        Label of a result to the path of its tearsheet, relative to `folder`.
    root : str
        Where the run's files lie, relative to `folder`: ``../`` for one ticker of several.
    deflation : Deflation or None
        What the ledger of trials makes of the Sharpe ratios.
    overall : Overall or None
        The verdicts that count everything; None: those of the page stand alone.
    """
    study = summary.study
    charts = draw_figures(folder / "figures", study)
    links = {label: quote(path, safe="/=,@+~:") for label, path in tearsheets.items()}
    page = Page(
        heading=marked(study.heading, study.simulated, study.as_is),
        simulated=study.simulated,
        as_is=study.as_is,
        span=span_of(summary),
        verdict=_headline(study.judgement, deflation, overall),
        found=findings(summary),
        tiles=tiles_of(summary, overall),
        facts=facts(study),
        sections=[
            section
            for section in (
                results_section(summary, links),
                Section("Equity", "equity", [Figure(charts["equity"])]),
                *_judged(summary, deflation, overall),
                _readings(summary),
                trades_section(study),
                _members(summary),
                _diagnosis(summary, charts),
                _calls(summary),
                _sensitivity(summary, charts),
                measures_section(summary, charts),
                folds_section(summary),
                Section(
                    "Costs and conventions",
                    "conventions",
                    [Text(study.costs_note), Listing(conventions(study))],
                ),
                files_section(manifest, root, study),
            )
            if section is not None
        ],
    )
    return write_text(folder / "index.html", render("page.html", page=page))


def _headline(
    judgement: Judgement | None, deflation: Deflation | None, overall: Overall | None
) -> list[str]:
    """Return the sentences that the page opens with, the verdict that counts everything first."""
    if judgement is None:
        return []
    if overall is None or deflation is None:
        headline: list[str] = verdict_of(judgement)["headline"]
        return headline
    said = overall_headline(overall, judgement, deflation.trials)
    return [*said, *power_sentences(judgement.power)]


def _judged(
    summary: Summary, deflation: Deflation | None, overall: Overall | None
) -> list[Section | None]:
    """Return skill, chance, timing and shifts; nothing of a study without a judgement."""
    study, judgement = summary.study, summary.study.judgement
    if judgement is None:
        return []
    words = overall_words(judgement, overall)
    shifts = shifts_of(judgement.shifted)
    return [
        overall_section(judgement, overall),
        skill_section(judgement.skill, words, pooled=study.pooled),
        chance_section(DeflatedChance(judgement.chance, deflation), words),
        timing_section(judgement.timing, words),
        Section("The same forecasts on other days", "shifts", [Part("shifts.html", shifts)])
        if shifts
        else None,
    ]


def _readings(summary: Summary) -> Section:
    study = summary.study
    exits = exits_of(Exits(study.exits, study.exit_meanings))
    value = {"readings": study.readings, "exits": exits}
    return Section("How the rule was read", "readings", [Part("readings.html", value)])


def _members(summary: Summary) -> Section | None:
    members = timeline(summary.study)
    if members is None:
        return None
    return Section(
        "Which tickers could be bought when", "members", [Part("universe.html", members)]
    )


def _diagnosis(summary: Summary, charts: Mapping[str, str]) -> Section | None:
    groups = diagnoses_of(summary.diagnoses)
    if not groups:
        return None
    value = {"groups": groups, "figure": charts.get("returns", "")}
    part = Part("diagnosis.html", value)
    return Section("Why the rules bought, or did not", "diagnosis", [part])


def _calls(summary: Summary) -> Section | None:
    calls = calls_of(summary.study.calls)
    if calls is None:
        return None
    return Section("What followed the calls", "calls", [Part("calls.html", calls)])


def _sensitivity(summary: Summary, charts: Mapping[str, str]) -> Section | None:
    study = summary.study
    swept = sensitivity_of(Sweep(study.sensitivity, study.swept, study.held))
    if swept is None:
        return None
    part = Part("sensitivity.html", {**swept, "figure": charts.get("sensitivity", "")})
    return Section("Other thresholds and exits", "sensitivity", [part])
