"""What a page says of the errors: the measures in its tables, and their sentences."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from backtests.report.charts.study import deciles_of
from backtests.report.rendering import render_section
from backtests.report.sections.errors import section
from backtests.report.sections.measures import section as measures_section
from backtests.report.summary import summarise
from backtests.studies.study import UNIVERSE, Study
from backtests.writing.numbers import percent
from forecasters.measures.deciles import deciles
from forecasters.measures.metrics import forecast_metrics
from tests.backtests.example_studies import forecasts_of, make_study
from tests.backtests.report.read_page import table_of


def html_of(study: Study, figures: dict[str, str] | None = None) -> str:
    charts = {"closes": "<svg>closes</svg>", **(figures or {})}
    return render_section(measures_section(summarise(study), charts))


def with_forecasts(study: Study, **closes: str) -> Study:
    """Return the study with naive and one forecaster for each array, which it forecasts."""
    naive = forecasts_of(study)[0]
    made = [
        replace(naive, forecaster=name, by_seed=getattr(naive, array)[None].copy(), seeds=())
        for name, array in closes.items()
    ]
    return replace(study, forecasts={study.account: (naive, *made)})


@pytest.fixture(scope="module")
def study() -> Study:
    return make_study(traded=False, forecasters=("rnn", "cnn"))


def test_the_tables_hold_the_measures(study: Study) -> None:
    html = html_of(study)
    errors = table_of(html, "errors").by("Forecaster")
    signs = table_of(html, "direction").by("Forecaster")
    assert list(errors) == list(signs) == ["naive", "rnn", "cnn"]
    for f in forecasts_of(study)[1:]:
        m = forecast_metrics(f)
        row = errors[f.forecaster]
        assert row["Days"] == "366"
        assert row["MAE"] == f"{m['mae']:,.0f}"
        assert row["RMSE"] == f"{m['rmse']:,.0f}"
        assert row["Theil's U"] == f"{m['theil_u']:.3f}"
        assert row["MASE"] == "–", "these forecasts carry no scale"
        assert row["R² of returns"] == f"{100 * m['r2_return']:+.2f}%"
        d, sign = m["direction"], signs[f.forecaster]
        assert sign["Direction right"] == f"{100 * d['share']:.1f}%"
        assert sign["95% interval"] == f"{100 * d['low']:.1f}% to {100 * d['high']:.1f}%"
        assert sign["Majority"] == f"{100 * d['majority']:.1f}% {d['majority_side']}"
        assert sign["Right"] == f"{d['hits']}"
        assert (sign["Moved"], sign["Unchanged"]) == (f"{d['moved']}", f"{d['unchanged']}")
        assert d["moved"] + d["unchanged"] == 366
        assert sign["with the last known"] == f"{m['lag']['lag1']:+.2f}"
    scaled = [replace(f, mase_scale=10_000.0) for f in forecasts_of(study)]
    scaled_html = html_of(replace(study, forecasts={study.account: tuple(scaled)}))
    mase = forecast_metrics(scaled[1])["mae"] / 10_000
    assert table_of(scaled_html, "errors").by("Forecaster")["rnn"]["MASE"] == f"{mase:.2f}"
    assert signs["naive"]["Direction right"] == "–", "naive has no direction"
    assert "closes</svg>" in html
    assert "decile" not in html
    assert "<svg>parts" in html_of(study, {"deciles": "<svg>parts</svg>"})


def test_the_errors_that_s1_calls_returns_stand_under_their_name(study: Study) -> None:
    html = html_of(study, {"errors": "<svg>histogram"})
    table = table_of(html, "relative").by("Forecaster")
    assert list(table) == ["naive", "rnn", "cnn"]
    for f in forecasts_of(study):
        rows = f.judged
        error = (f.close[rows] - f.actual[rows]) / f.actual[rows]
        low, median, high = np.quantile(error, (0.05, 0.5, 0.95))
        assert table[f.forecaster] == {
            "Forecaster": f.forecaster,
            "Mean": percent(error.mean(), 2),
            "Spread": f"{100 * error.std(ddof=1):.2f}%",
            "5%": percent(low, 2),
            "Median": percent(median, 2),
            "95%": percent(high, 2),
        }
    assert "Relative forecast error, S1&#39;s returns" in html
    assert "no return that anybody earns" in html
    assert "<svg>histogram" in html


def test_the_sentences_name_who_repeats_and_who_knows_too_much(study: Study) -> None:
    made = section(summarise(with_forecasts(study, late="last_close", seer="actual")))
    assert made is not None
    text = " ".join(made["sentences"])
    assert "The line of late is the line of the price, late" in text
    assert "seer moved with the day that was forecast" in text
    assert "seer had the direction right more often than the more frequent sign" in text
    plain = section(summarise(study))
    assert plain is not None
    assert plain["sentences"][0].startswith(
        "None of 2 forecasters had the direction right more often"
    )
    assert "The line of rnn and cnn is the line of the price, late" in plain["sentences"][1]
    assert len(plain["sentences"]) == 2
    one = replace(study, forecasts={study.account: forecasts_of(study)[:2]})
    alone = section(summarise(one))
    assert alone is not None
    assert alone["sentences"][0].startswith("rnn did not have the direction right more often than")


def test_without_an_outcome_the_tables_say_so() -> None:
    bare = make_study(traded=False, rows=532, first=530, forecasters=("cnn",))
    waiting = tuple(replace(f, actual=np.full(len(f), np.nan)) for f in forecasts_of(bare))
    empty = replace(bare, forecasts={bare.account: waiting})
    html = html_of(empty)
    assert html.count("no forecast has its outcome yet") == 2
    assert section(summarise(replace(bare, forecasts={}))) is None


def universe() -> Study:
    """Return two tickers in one account, the second without an unchanged day."""
    parts = [
        make_study(t, traded=False, seed=i, forecasters=("rnn",)) for i, t in enumerate(("A", "B"))
    ]
    return replace(
        parts[0],
        account=UNIVERSE,
        bars={t: series for part in parts for t, series in part.bars.items()},
        forecasts={t: series for part in parts for t, series in part.forecasts.items()},
    )


def test_a_universe_has_medians_and_counts_over_its_tickers() -> None:
    pooled = universe()
    made = section(summarise(pooled))
    assert made is not None
    naive, rnn = made["over"]["rows"]
    errors = [forecast_metrics(f) for f in pooled.by_forecaster["rnn"]]
    for name in ("theil_u", "r2_return"):
        assert rnn[name] == pytest.approx((errors[0][name] + errors[1][name]) / 2)
    together = np.concatenate(
        [(f.close / f.actual - 1)[f.judged] for f in pooled.by_forecaster["rnn"]]
    )
    relative = table_of(html_of(pooled), "relative").by("Forecaster")
    assert relative["rnn"]["Spread"] == f"{100 * together.std(ddof=1):.2f}%"
    hits, moved = (sum(m["direction"][k] for m in errors) for k in ("hits", "moved"))
    assert rnn["direction"] == pytest.approx(hits / moved)
    most = sum(round(m["direction"]["majority"] * m["direction"]["moved"]) for m in errors)
    assert rnn["majority"] == pytest.approx(most / moved)
    assert (rnn["repeats"], naive["direction"], rnn["mase"]) == (2, None, None)
    assert table_of(html_of(pooled), "direction").by("Forecaster")["rnn"] == {
        "Forecaster": "rnn",
        "MASE": "–",
        "Theil's U": f"{rnn['theil_u']:.3f}",
        "R² of returns": f"{100 * rnn['r2_return']:+.2f}%",
        "Direction": f"{100 * hits / moved:.1f}%",
        "Majority": f"{100 * most / moved:.1f}%",
        "Repeats": "2 of 2",
    }


def test_the_deciles_are_those_of_all_tickers_together_and_of_no_naive() -> None:
    pooled = universe()
    made = deciles_of(pooled)
    assert list(made) == ["rnn"]
    said, came = (
        np.concatenate([getattr(f, name)[f.judged] for f in pooled.by_forecaster["rnn"]])
        for name in ("forecast_return", "realised_return")
    )
    assert made["rnn"] == deciles(said, came)
    assert sum(made["rnn"].n) == 2 * 366
