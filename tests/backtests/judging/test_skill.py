"""Skill against naive: the right rows, the right losses, corrected for all of the page, said plainly."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from backtests.judging.skill import Skill, judge_forecasts, p_text
from backtests.report.rendering import render_section
from backtests.report.sections.skill import section
from backtests.report.sections.skill_blocks import skill_section
from backtests.statistics.clark_west import clark_west
from backtests.statistics.confidence_set import model_confidence_set
from backtests.statistics.diebold_mariano import diebold_mariano
from backtests.statistics.pesaran_timmermann import pesaran_timmermann
from backtests.statistics.superior import superior_predictive_ability
from forecasters.forecasts import Forecasts
from tests.backtests.example_studies import make_bars, make_forecasts
from tests.backtests.report.read_page import table_of

FIRST = 530
BARS = make_bars(rows=900)
NAIVE = make_forecasts(BARS, "naive", FIRST)
NAMES = ("good", "wild", "quiet")


def clairvoyant(naive: Forecasts, name: str, share: float, spread: float, seed: int) -> Forecasts:
    """Return forecasts that know a share of the coming log return, and noise."""
    rng = np.random.default_rng(seed)
    coming = np.nan_to_num(np.log(naive.actual / naive.last_close))
    close = naive.last_close * np.exp(share * coming + spread * rng.standard_normal(coming.size))
    by_seed = np.where(np.isfinite(naive.close), close, np.nan)[None]
    return replace(naive, forecaster=name, by_seed=by_seed, centre=np.empty(0))


def three(naive: Forecasts) -> dict[str, tuple[Forecasts, ...]]:
    return {
        "naive": (naive,),
        "good": (clairvoyant(naive, "good", 0.2, 0.004, 1),),
        "wild": (clairvoyant(naive, "wild", 0.0, 0.02, 2),),
        "quiet": (clairvoyant(naive, "quiet", 0.0, 0.0005, 3),),
    }


MADE = three(NAIVE)
SKILL = judge_forecasts(MADE)


def returns(forecasts: Forecasts, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    last = forecasts.last_close[rows]
    return np.log(forecasts.actual[rows] / last), np.log(forecasts.close[rows] / last)


def test_each_forecaster_by_hand() -> None:
    """Naive is the benchmark, never among the judged; the other figures are those of its log returns."""
    assert [one.forecaster for one in SKILL.judged] == list(NAMES)
    rows = NAIVE.judged
    assert SKILL.n == rows.sum() == 366  # of 370: not on 2 halts, nor before one or the end
    for one in SKILL.judged:
        r, f = returns(MADE[one.forecaster][0], rows)
        assert one.absolute == diebold_mariano(np.abs(r - f), np.abs(r))
        assert one.squared == diebold_mariano((r - f) ** 2, r**2)
        assert one.clark_west == clark_west(r, f)
        assert one.direction == pesaran_timmermann(r, f)


def test_what_knows_the_future_is_better_and_what_is_wild_is_worse() -> None:
    good, wild, quiet = SKILL.judged
    assert good.p_better < 0.01 and good.absolute.low > 0 and good.p_clark_west < 0.01
    assert good.direction.p < 0.01
    assert wild.p_worse < 0.01 and wild.absolute.high < 0 and wild.p_better > 0.5
    assert quiet.p_better > 0.05 and quiet.p_worse > 0.05
    assert SKILL.superior.p < 0.01 and SKILL.kept.kept == ("good",)


def test_the_p_values_allow_for_all_forecasters_of_the_page() -> None:
    for adjusted, own in (
        ("p_better", [one.absolute.p_better for one in SKILL.judged]),
        ("p_worse", [one.absolute.p_worse for one in SKILL.judged]),
        ("p_clark_west", [one.clark_west.p for one in SKILL.judged]),
    ):
        found = [getattr(one, adjusted) for one in SKILL.judged]
        assert found == pytest.approx(multipletests(own, method="holm")[1])
    alone = judge_forecasts({"quiet": MADE["quiet"]})
    assert alone.judged[0].p_better == alone.judged[0].absolute.p_better


def test_the_folds_that_were_won() -> None:
    """Fold by fold, the mean absolute error of the log return against naive's."""
    for one in SKILL.judged:
        forecasts, won = MADE[one.forecaster][0], 0
        for fold in np.unique(NAIVE.fold):
            r, f = returns(forecasts, NAIVE.judged & (NAIVE.fold == fold))
            won += np.abs(r - f).mean() < np.abs(r).mean()
        assert (one.folds.statistic, one.folds.n) == (won, 3)


def test_a_fold_begins_with_its_own_first_session() -> None:
    """Right on the first session of each of three folds, a little worse than naive on all others."""
    coming = np.log(NAIVE.actual / NAIVE.last_close)
    first = np.flatnonzero(NAIVE.fold != np.roll(NAIVE.fold, 1))
    assert first.size == 3 and (np.abs(coming[first]) > 0.003).all()
    told = -1e-5 * np.sign(np.nan_to_num(coming))
    told[first] = coming[first]
    by_seed = np.where(np.isfinite(NAIVE.close), NAIVE.last_close * np.exp(told), np.nan)[None]
    made = replace(NAIVE, forecaster="edge", by_seed=by_seed, centre=np.empty(0))
    folds = judge_forecasts({"edge": (made,)}).judged[0].folds
    assert (folds.statistic, folds.n) == (3, 3)


def test_all_together() -> None:
    rows = NAIVE.judged
    r = np.log(NAIVE.actual[rows] / NAIVE.last_close[rows])
    losses = np.column_stack([np.abs(np.subtract(*returns(MADE[n][0], rows))) for n in NAMES])
    assert SKILL.superior == superior_predictive_ability(np.abs(r), losses)
    table = np.column_stack([np.abs(r), losses])
    assert SKILL.kept == model_confidence_set(table, ("naive", *NAMES))


def test_only_sessions_that_every_forecaster_is_judged_on_count() -> None:
    gaps = MADE["good"][0].by_seed.copy()
    gaps[:, 10:60] = np.nan
    made = {**MADE, "good": (replace(MADE["good"][0], by_seed=gaps),)}
    rows = NAIVE.judged & np.isfinite(gaps[0])
    found = judge_forecasts(made)
    assert found.n == rows.sum() < SKILL.n
    r, f = returns(MADE["wild"][0], rows)
    assert found.judged[1].absolute == diebold_mariano(np.abs(r - f), np.abs(r))


def test_neither_the_order_nor_naive_being_there_changes_a_figure() -> None:
    turned = judge_forecasts(dict(reversed(MADE.items())))
    assert set(turned.judged) == set(SKILL.judged)
    assert turned.superior == SKILL.superior and turned.kept.p == SKILL.kept.p
    assert judge_forecasts({n: MADE[n] for n in NAMES}) == SKILL


def test_another_seed_draws_other_samples() -> None:
    made = {n: (clairvoyant(NAIVE, n, 0.03, 0.004, i),) for i, n in enumerate("abc", 1)}
    one, other = judge_forecasts(made), judge_forecasts(made, seed=1)
    assert other.judged == one.judged
    assert other.superior.p != one.superior.p and other.kept.p != one.kept.p


def test_forecasts_several_sessions_ahead() -> None:
    found = judge_forecasts(MADE, horizon=30)
    r, f = returns(MADE["good"][0], NAIVE.judged)
    good = found.judged[0]
    assert good.absolute == diebold_mariano(np.abs(r - f), np.abs(r), 30)
    assert good.clark_west == clark_west(r, f, 30)
    assert good.direction.p is None and "overlap" in good.direction.why
    assert found.superior.block >= 30 and found.kept.block >= 30


def universe() -> dict[str, tuple[Forecasts, ...]]:
    """Return the three on two tickers, the second listed 40 sessions later and halted on other days."""
    bars = make_bars("005930.KS", rows=900, seed=2)
    later = make_forecasts(bars, "naive", FIRST + 40)
    second = three(later)
    return {name: (*MADE[name], *second[name]) for name in MADE}


def test_a_universe_is_one_series_of_session_means() -> None:
    made = universe()
    found = judge_forecasts(made)
    means: dict[np.datetime64, list[tuple[float, float]]] = {}
    for own in made["wild"]:
        rows = own.judged
        for day, r, f in zip(own.as_of[rows], *returns(own, rows), strict=True):
            means.setdefault(day, []).append((r, f))
    days = [np.array(means[day]).T for day in sorted(means)]
    assert found.n == len(days) == 366
    loss = np.array([np.abs(r - f).mean() for r, f in days])
    naive = np.array([np.abs(r).mean() for r, _ in days])
    wild = found.judged[1]
    assert wild.absolute.statistic == pytest.approx(diebold_mariano(loss, naive).statistic)
    assert wild.absolute.gain == pytest.approx(1 - loss.mean() / naive.mean())
    content = np.array([(2 * r * f).mean() for r, f in days])
    by_hand = content.mean() / content.std() * np.sqrt(len(days))
    assert wild.clark_west.statistic == pytest.approx(by_hand)
    assert wild.direction.p is None and "together" in wild.direction.why
    assert wild.folds.n == 3


def test_a_ticker_that_one_forecaster_lacks_is_left_out() -> None:
    made = universe()
    made["quiet"] = made["quiet"][:1]
    assert judge_forecasts(made) == SKILL


def test_a_forecast_of_no_change_is_no_better_and_no_worse() -> None:
    same = replace(NAIVE, forecaster="same", by_seed=NAIVE.by_seed * (1 + 1e-15))  # rounding
    found = judge_forecasts({"naive": (NAIVE,), "same": (same,), "good": MADE["good"]})
    one = found.judged[0]
    assert one.absolute.gain == 0 and one.p_better is None and one.p_clark_west is None
    assert one.folds.p is None and one.direction.p is None
    assert found.judged[1].p_better == found.judged[1].absolute.p_better  # one test was made
    assert found.superior.variants == 1


def test_a_price_below_zero_is_a_very_bad_forecast_and_no_error() -> None:
    close = MADE["quiet"][0].by_seed.copy()
    close[0, 5] = -3.0
    found = judge_forecasts({"quiet": (replace(MADE["quiet"][0], by_seed=close),)})
    assert found.judged[0].absolute.gain < -1


def test_where_nothing_can_be_judged() -> None:
    assert judge_forecasts({"naive": (NAIVE,)}) == Skill((), None, None, 0, 1)
    unknown = replace(MADE["good"][0], actual=np.full(len(NAIVE), np.nan))
    assert judge_forecasts({"good": (unknown,)}) == Skill((), None, None, 0, 1)
    assert section(judge_forecasts({})) is None


def few(n: int) -> Skill:
    def cut(f: Forecasts) -> Forecasts:
        actual = np.where(np.arange(len(f)) < n, f.actual, np.nan)
        return replace(f, actual=actual)

    return judge_forecasts({name: (cut(own[0]),) for name, own in MADE.items()})


def test_few_days_are_said_to_be_few() -> None:
    found = few(12)
    assert found.n == 12 and found.judged[0].absolute.gain is not None
    page = read(found)
    assert "not tested against naive: 12 days: a test needs 20" in page
    assert "No model confidence set: 12 days: a test needs 20" in page


def read(skill: Skill, pooled: bool = False) -> str:
    return render_section(skill_section(section(skill), pooled=pooled))


def cells(page: str, name: str) -> list[str]:
    return list(table_of(page, "skill-table").by("Forecaster")[name].values())


def test_the_page_shows_every_figure() -> None:
    page = read(SKILL)
    for one in SKILL.judged:
        a = one.absolute
        assert cells(page, one.forecaster) == [
            one.forecaster,
            f"{100 * a.gain:+.1f}%",
            f"{100 * a.low:+.1f}% to {100 * a.high:+.1f}%",
            f"{100 * a.detectable:.1f}%",
            f"{100 * one.squared.gain:+.1f}%",
            *(p_text(p) for p in (a.p_better, one.p_better, a.p_worse, one.p_worse)),
            *(p_text(p) for p in (one.clark_west.p, one.p_clark_west)),
            f"{one.folds.statistic:.0f} of {one.folds.n}",
            p_text(one.folds.p),
            p_text(one.direction.p),
        ]
    marked = [row["Forecaster"] for row in table_of(page, "skill-table").rows if row.classes]
    assert marked == ["wild"]
    assert "Over the 366 sessions" in page and "mean over the tickers" not in page
    assert "mean over the tickers" in read(SKILL, pooled=True)


def test_the_page_says_what_all_together_show() -> None:
    page = read(SKILL)
    assert "A test over all 3 forecasters speaks for the best of them (p " in page
    assert "The verdict asks more" in page
    assert "keeps 1 of 4, and naive is not among them: good." in page
    page = read(judge_forecasts({n: MADE[n] for n in ("wild", "quiet")}))
    assert "None of 2 forecasters has a smaller mean error than naive." in page
    assert "keeps naive alone of 3: at 10% this test drops each of the others." in page
    little = clairvoyant(NAIVE, "little", 0.03, 0.004, 1)
    page = read(judge_forecasts({"little": (little,), "wild": MADE["wild"]}))
    assert "A test over all 2 forecasters does not speak for the best of them (p " in page
    assert "keeps 2 of 3, naive among them: naive and little." in page


def test_a_copy_of_naive_is_counted_where_all_are_meant() -> None:
    copy = (replace(NAIVE, forecaster="same"),)
    page = read(judge_forecasts({"same": copy, "wild": MADE["wild"], "quiet": MADE["quiet"]}))
    assert "None of 3 forecasters has a smaller mean error than naive." in page
    little = (clairvoyant(NAIVE, "little", 0.03, 0.004, 1),)
    page = read(judge_forecasts({"same": copy, "little": little, "wild": MADE["wild"]}))
    assert "A test over the 2 forecasters that differ from naive does not speak for" in page


def test_a_set_that_keeps_all_is_said_to_have_no_power() -> None:
    quiet = {n: (clairvoyant(NAIVE, n, 0.0, 0.0005, i),) for i, n in enumerate("ab")}
    page = read(judge_forecasts(quiet))
    assert "keeps all 3, naive among them: no power" in page and "speaks for none" in page


def test_one_forecaster_needs_no_adjusted_column_and_no_best_of_many() -> None:
    assert read(SKILL).count("adj.") == 3
    page = read(judge_forecasts({"good": MADE["good"]}))
    assert len(cells(page, "good")) == 11
    assert "adj." not in page and "A test over all" not in page


def test_a_dash_says_why() -> None:
    same = replace(NAIVE, forecaster="same")
    page = read(judge_forecasts({"same": (same,), "good": MADE["good"]}))
    assert 'title="its losses are those of the benchmark"' in page
    assert 'title="the forecast is of no change"' in page and 'title="no fold differs"' in page


def test_a_name_is_text() -> None:
    odd = replace(MADE["good"][0], forecaster="<b>&")
    html = read(judge_forecasts({"<b>&": (odd,)}))
    assert "&lt;b&gt;&amp;" in html and "<b>&" not in html


SHOWN = {
    None: "–", 0.0: "<0.001", 0.00099: "<0.001", 0.001: "0.001", 0.0496: "0.0496", 0.0503: "0.0503",
    0.0494: "0.049", 0.0994: "0.099", 0.0996: "0.10",    0.4321: "0.43", 1.0: "1.00",
}  # fmt: skip


@pytest.mark.parametrize(("p", "text"), SHOWN.items())
def test_a_p_value_as_it_is_shown(p: float | None, text: str) -> None:
    assert p_text(p) == text
