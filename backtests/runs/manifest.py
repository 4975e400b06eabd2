"""What a run is made of and what came out of it, as one JSON file with two hashes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backtests.reading.contents import MANIFEST, changed, contents_of
from backtests.reading.shape import ANY, COUNT, FLAG, SHA256, TEXT, check
from backtests.reading.untrusted import read_json
from backtests.studies.study import Study
from backtests.universe.membership import Membership, span
from backtests.writing.atomic import write_text

if TYPE_CHECKING:
    from backtests.report.summary import Summary

#: The entries that are read back, by type.
SHAPE = {
    "schema?": COUNT,
    "key": TEXT,
    "digest?": TEXT,
    "sha256?": TEXT,
    "config?": {str: ANY},
    "versions?": {str: TEXT},
    "data?": [{"ticker": TEXT, "sha256?": TEXT, "simulated?": FLAG, "as_is?": [TEXT]}],
    "summary?": [{str: ANY}],
    "results?": [{str: ANY}],
    "trials?": {str: ANY},
    "files?": {str: {"size": COUNT, "sha256": SHA256}},
}


def digest_of(studies: Sequence[Study]) -> str:
    """Return the sha256 of all that came out, whatever the order in which it was asked for.

    It covers forecasts, equity, fills, the points of the sweep and the shifts.
    """
    parts = [
        f.digest for study in studies for forecasts in study.forecasts.values() for f in forecasts
    ] + [
        result.digest
        for study in studies
        for result in (*study.results, *study.exits, *study.foresight)
    ]
    parts += [point.digest for study in studies for point in study.sensitivity]
    parts += [test.digest for s in studies if s.judgement for test in s.judgement.shifted]
    return hashlib.sha256("".join(sorted(parts)).encode()).hexdigest()


def results_of(summaries: Sequence[Summary]) -> dict[str, Any]:
    """Return what the manifest says of the results; `digest` covers what `digest_of` says."""
    from backtests.report.lead import findings
    from backtests.report.sections.calls import sentence as calls_sentence
    from backtests.runs.judged import describe_judgement

    studies = [summary.study for summary in summaries]
    return {
        "folds": {
            ticker: sorted({str(fold) for fold in forecasts[0].fold})
            for study in studies
            for ticker, forecasts in study.forecasts.items()
        },
        "results": [
            {
                "account": result.account,
                "forecaster": result.forecaster,
                "strategy": result.strategy,
                "metrics": figures,
                "sha256": {"equity": result.equity_digest, "fills": result.fills_digest},
            }
            for summary in summaries
            for result, figures in summary.performance.items()
        ],
        "engines": {study.account: engines_of(study) for study in studies},
        "forecast_metrics": [
            {
                "ticker": f.ticker,
                "forecaster": f.forecaster,
                "sha256": f.digest,
                **summary.errors[f.forecaster][f.ticker],
            }
            for summary in summaries
            for forecasts in summary.study.forecasts.values()
            for f in forecasts
        ],
        "members": {s.account: _members(s, s.membership) for s in studies if s.membership},
        "digest": digest_of(studies),
        "summary": [row for summary in summaries for row in summary.rows],
        "judgement": {s.account: describe_judgement(s.judgement) for s in studies if s.judgement},
        "calls": [
            {"account": s.account, **asdict(calls), "sentence": calls_sentence(calls)}
            for s in studies
            for calls in s.calls
        ],
        "findings": {s.study.account: findings(s) for s in summaries},
        "diagnosis": [entry for summary in summaries for entry in _diagnosis(summary)],
    }


def _members(study: Study, membership: Membership) -> dict[str, Any]:
    """Return which tickers of a universe could be bought from when to when, and why others not."""
    return {
        "left_out": list(study.left_out),
        "spans": {t: span(membership.members[t], bars.sessions) for t, bars in study.bars.items()},
    }


def engines_of(study: Study) -> dict[str, list[str]]:
    """Return what trained each network, and where it was torch, why."""
    by_name = {name: {h.engine for h in fits if h.engine} for name, fits in study.fits.items()}
    return {name: sorted(engines) for name, engines in by_name.items() if engines}


def _diagnosis(summary: Summary) -> list[dict[str, Any]]:
    """Return why each rule with a threshold bought or did not, in the order of the results."""
    from backtests.report.sections.diagnosis import market, sentences

    study = summary.study
    diagnoses = {
        (diagnosis.forecaster, strategy): diagnosis
        for strategy, of_rule in summary.diagnoses.items()
        for diagnosis in of_rule
    }
    entries = []
    for result in study.results:
        if result.forecaster and result.strategy in study.thresholds:
            diagnosis = diagnoses[result.forecaster, result.strategy]
            words = {"sentences": sentences(diagnosis), "market": market(diagnosis)}
            entries.append({"ticker": study.account, **asdict(diagnosis), **words})
    return entries


def write_manifest(
    path: Path, manifest: Mapping[str, Any], files: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Write the manifest with the sha256 of every file beside it, so last of all; return it.

    ``files`` and ``sha256``, that of the manifest's other entries, are made here. Neither is part of the
    key or the digest. A number that JSON does not know is a fault, not a NaN in the file.

    Parameters
    ----------
    files : mapping, optional
        The sha256 of the files of the run (`contents_of`); by default all files beside it are of the run.
    """
    told = {name: value for name, value in manifest.items() if name not in ("files", "sha256")}
    told["files"] = dict(files) if files is not None else contents_of(path.parent)
    # Read back first: what is compared later is what the file holds.
    told = json.loads(json.dumps(told, ensure_ascii=False, allow_nan=False))
    complete = {**told, "sha256": sha256_of(told)}
    write_text(path, json.dumps(complete, indent=2, ensure_ascii=False, allow_nan=False) + "\n")
    return complete


def sha256_of(manifest: Mapping[str, Any]) -> str:
    """Return the sha256 of a manifest's entries, but the one of this name."""
    told = {name: value for name, value in manifest.items() if name != "sha256"}
    text = json.dumps(told, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def read_manifest(path: Path) -> dict[str, Any] | None:
    """Return the manifest of a finished run; None where there is none.

    Anybody may have written the file: its types are checked here, its content is not. `changed_files`
    says whether it and the files beside it are as the run left them.

    Raises
    ------
    Unreadable
        It is no manifest: no regular file, too large, no JSON, or an entry of another type.
    """
    try:
        manifest = read_json(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    check(manifest, SHAPE, str(path))
    return dict(manifest)


def changed_files(folder: Path, manifest: Mapping[str, Any]) -> list[str]:
    """Return, in words, what in a run folder is not as the run left it; empty where all is."""
    if "files" not in manifest or manifest.get("sha256") != sha256_of(manifest):
        return [f"{MANIFEST} was changed"]
    found = changed(folder, manifest["files"])
    return [f"{name if name.isprintable() else ascii(name)} {what}" for name, what in found.items()]
