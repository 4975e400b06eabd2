"""The audit of the audit: every kind of leak planted on purpose is caught, what is honest passes."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from backtests import plugins
from backtests.__main__ import main as backtests
from backtests.account.broker import Broker
from backtests.auditing.checks.lookahead import changed_forecasts
from backtests.auditing.checks.no_skill import BOUND, Outcomes
from backtests.auditing.checks.rules import RuleSubject
from backtests.auditing.finding import Status
from backtests.auditing.probes.disguises import Mirror
from backtests.auditing.probes.futures import NEIGHBOURS, other_futures
from backtests.auditing.register import FORECASTER_CHECKS, RULE_CHECKS, Examination
from backtests.auditing.report import status_of
from backtests.auditing.subject import Subject
from backtests.markets.costs import Costs
from backtests.markets.market import market_for
from backtests.sources.simulated import Simulated
from forecasters.bars import COLUMNS
from forecasters.features import Features, make_features
from forecasters.walk_forward import WalkForward
from forecasters.walk_forward.fixed_split import FixedSplit
from forecasters.walk_forward.folds import Fold

LEAKS = Path(__file__).with_name("leaks")
CHECKS = {check.name: check for check in (*FORECASTER_CHECKS, *RULE_CHECKS)}
PLAN = WalkForward(train_size=60, step=17)


def _bars(ticker):
    """Return 110 simulated sessions with a halt among the forecasts."""
    bars = Simulated().fetch(ticker, "2016-01-01", "2017-01-01").rows(slice(0, 110))
    rows = {name: getattr(bars, name).copy() for name in COLUMNS}
    rows["close"][85] = rows["close"][84]
    for name in ("open", "high", "low", "volume"):
        rows[name][85] = 0
    return replace(bars, **rows)


@pytest.fixture(scope="module")
def bars():
    return {ticker: _bars(ticker) for ticker in ("051900.KS", "005930.KS")}


@pytest.fixture
def try_file(bars, tmp_path):
    """Return a maker of the trial of a planted file, which has its prices beside it."""

    def make(name, **changes):
        path = Path(shutil.copy(LEAKS / f"{name}.py", tmp_path))
        first = bars["051900.KS"]
        days = zip(first.sessions, first.close, strict=True)
        path.with_name("prices.csv").write_text("\n".join(f"{day},{price}" for day, price in days))
        forecaster = plugins.make(plugins.FORECASTERS, plugins.parse(str(path)))
        files = ((path, type(forecaster).__module__),)
        return replace(Subject(forecaster, PLAN, bars, walks=4, files=files), **changes)

    return make


def examine(name, subject):
    """Return the verdict and the sentences of one check."""
    findings = Examination(CHECKS[name], "planted", subject).run()
    return status_of(findings), " ".join(finding.sentence for finding in findings)


# --- forecasters ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("leak", "check", "where"),
    [
        ("batch_normalised", "forecasts", "later windows of its batch"),
        ("later_window", "forecasts", "051900.KS"),
        ("later_window", "own window", "may be later ones"),
        ("later_window", "white noise", "random walks"),
        ("later_window", "drawn future", "it sees later bars"),
        ("selected_on_test", "forecasts", "later windows of its batch"),
        ("place_in_batch", "own window", "its place among them"),
        ("climbs_the_stack", "forecasts", "when the bars after"),
        ("climbs_the_stack", "white noise", "random walks"),
        ("remembered_labels", "fits apart", "kept between fits"),
        ("neighbours_closes", "fits apart", "kept between fits"),
        ("counts_fits", "fits apart", "kept between fits"),
        ("first_for_ever", "fits apart", "alone in a new process"),
        ("global_random", "fits apart", "global random numbers of numpy"),
        ("reads_a_file", "no files", "prices.csv"),
        ("read_at_import", "no files", "prices.csv"),
        ("read_at_import", "dates", "looked up by date"),
        ("knows_the_dates", "dates", "looked up by date"),
        ("knows_the_prices", "prices", "prices are looked up"),
        ("ignores_labels", "wrong labels", "of its skill"),
    ],
)
def test_a_planted_leak_is_found_by_the_check_that_is_named(try_file, leak, check, where):
    verdict, sentence = examine(check, try_file(leak))
    assert verdict is Status.FOUND
    assert where in sentence
    assert "raised" not in sentence


@pytest.mark.parametrize("check", [check.name for check in FORECASTER_CHECKS])
def test_an_honest_file_passes(try_file, check):
    verdict, sentence = examine(check, try_file("mean"))
    assert verdict is not Status.FOUND, sentence
    if check not in ("wrong labels", "first bar"):
        assert verdict is Status.PASSED, sentence


def test_what_a_forecaster_raises_is_found_and_not_a_crash(try_file):
    trial = try_file("mean")
    trial.forecaster.predict = None
    verdict, sentence = examine("forecasts", trial)
    assert verdict is Status.FOUND and "raised TypeError" in sentence


@pytest.mark.parametrize("kind", ["fit", "validation", "test"])
def test_a_window_shares_no_memory_with_the_rows_beyond_it(bars, kind):
    """A view would carry its base, and with it the future, to whoever asks for `.base`."""
    from forecasters.preparation.preprocessing import Preprocessing
    from forecasters.walk_forward.fold_windows import cut_windows

    features = make_features(bars["051900.KS"])
    windows = cut_windows(features, PLAN.split(features.sessions)[0], Preprocessing(lookback=5))
    part = getattr(windows, kind)
    for name in ("X", "y", "last_close", "as_of"):
        array = getattr(part, name)
        assert array.base is None or array.base.size == array.size


# --- makers of features --------------------------------------------------------------------------


def with_inputs(change):
    """Return a maker of features whose inputs [T, C] went through `change`."""

    def make(bars, kind, horizon):
        made = make_features(bars, kind, horizon)
        X = change(made.X.copy())
        return Features(
            made.ticker, made.sessions, made.names, X, made.y, made.close, made.tradable, horizon
        )

    return make


def next_close(X):
    X[:-1, 3] = X[1:, 3]
    return X


def centred_mean(X):
    X[1:-1, 3] = (X[:-2, 3] + X[1:-1, 3] + X[2:, 3]) / 3
    return X


def filled_from_behind(X):
    """Every tenth volume is missing, and the next one known fills the gap."""
    X[:-1:10, 4] = X[1::10, 4]
    return X


@pytest.mark.parametrize(
    "leak",
    [
        next_close,
        centred_mean,
        filled_from_behind,
        lambda X: (X - X.min(axis=0)) / (X.max(axis=0) - X.min(axis=0)),
        lambda X: (X - X.mean(axis=0)) / X.std(axis=0),
        lambda X: X / X[-1],
    ],
    ids=["next close", "centred mean", "back-filled", "range of all rows", "z-score", "last value"],
)
def test_an_input_made_of_later_rows_is_found(try_file, leak):
    verdict, sentence = examine("inputs", try_file("mean", make=with_inputs(leak)))
    assert verdict is Status.FOUND
    assert "made of later rows" in sentence


def test_a_label_of_a_later_row_is_found(try_file):
    def make(bars, kind, horizon):
        made = make_features(bars, kind, horizon)
        ahead = np.append(made.y[1:], np.nan)
        return replace(made, y=ahead)

    verdict, sentence = examine("inputs", try_file("mean", make=make))
    assert verdict is Status.FOUND and "'y' changed" in sentence


@dataclass(frozen=True, eq=False)
class Neighbours(Subject):
    """One ticker's close is divided by the other's of the next session."""

    def forecasts(self, bars, seeds=(0,), run=None):
        a, b = (make_features(each) for each in bars.values())
        X = a.X.copy()
        X[:-1, 3] /= b.X[1:, 3]
        mixed = replace(a, X=X)
        return {a.ticker: self.walk_forward.predict(self.forecaster, mixed, seeds)}


def test_a_neighbours_tomorrow_is_found_when_only_the_neighbour_changes(try_file, bars):
    asked = try_file("mean")
    trial = Neighbours(asked.forecaster, PLAN, bars)
    changes = changed_forecasts(trial.forecasts, bars, bars["051900.KS"].sessions[80])
    assert any(NEIGHBOURS in line for line in changes)
    assert examine("forecasts", trial)[0] is Status.FOUND


# --- plans ---------------------------------------------------------------------------------------


class Halved(WalkForward):
    """Trains on the first half: which rows those are depends on how far the bars reach."""

    def split(self, sessions):
        return WalkForward(train_size=sessions.size // 2, step=sessions.size).split(sessions)


class FromTheEnd(WalkForward):
    """Whole folds counted back from the newest session."""

    def split(self, sessions):
        return WalkForward(train_size=40 + (sessions.size - 40) % 17, step=17).split(sessions)


@pytest.mark.parametrize("plan", [Halved(), FromTheEnd(), FixedSplit(shares=(60, 0, 40))], ids=str)
@pytest.mark.parametrize("check", ["folds", "forecasts"])
def test_a_plan_drawn_from_the_length_is_found(try_file, plan, check):
    verdict, sentence = examine(check, try_file("mean", walk_forward=plan))
    assert verdict is Status.FOUND
    if check == "folds":
        assert "looks at how many there are" in sentence


class ScaledOnAll(WalkForward):
    """Brings the inputs into a range before the folds are cut."""

    def fits(self, forecaster, features, seeds=(0,)):
        low, high = features.X.min(axis=0), features.X.max(axis=0)
        scaled = replace(features, X=(features.X - low) / (high - low))
        return super().fits(forecaster, scaled, seeds)


class TrainsOnTest(WalkForward):
    """Fits each fold on the rows of its test too; `Fold` is bypassed."""

    def split(self, sessions):
        def stretched(fold):
            made = object.__new__(Fold)
            vars(made).update(vars(fold), fit=range(0, fold.test.stop - 1))
            return made

        return tuple(stretched(fold) for fold in super().split(sessions))


@pytest.mark.parametrize("plan", [ScaledOnAll, TrainsOnTest])
def test_a_scaler_or_a_label_beyond_the_fit_rows_is_found_in_the_windows(try_file, plan):
    made = plan(train_size=60, step=17)
    verdict, sentence = examine("windows", try_file("mean", walk_forward=made))
    assert verdict is Status.FOUND
    assert "a scaler or a label sees later rows" in sentence


# --- what the checks stand on --------------------------------------------------------------------


def test_other_futures_agree_up_to_the_day_and_differ_after_it(bars):
    day = bars["051900.KS"].sessions[70]
    kinds = dict(other_futures(bars, day))
    assert len(kinds) == 6
    for what, other in kinds.items():
        differ = False
        for ticker, changed in other.items():
            own = bars[ticker]
            n = int((own.sessions <= day).sum())
            for name in (*COLUMNS, "tradable"):
                a, b = getattr(own, name), getattr(changed, name)
                assert a[:n].tobytes() == b[:n].tobytes(), what
                differ |= a[n:].tobytes() != b[n:].tobytes()
        assert differ, what
    halted = kinds["a halt for ever"]["051900.KS"]
    assert not halted.tradable[71:].any() and (halted.close[71:] == halted.close[70]).all()
    assert set(kinds[NEIGHBOURS]) == set(bars)
    assert kinds[NEIGHBOURS]["051900.KS"].close.tobytes() == bars["051900.KS"].close.tobytes()


def test_a_seed_that_changes_is_seen_also_where_the_mean_stays(bars):
    """The mean of two seeds is traded; a leak in both that cancels is a leak."""
    forecaster = plugins.make(plugins.FORECASTERS, plugins.parse("naive"))
    made = PLAN.predict(forecaster, make_features(bars["051900.KS"]))
    day, flat = made.as_of[20], np.full((2, len(made)), 64.0)
    two = replace(made, by_seed=flat, seeds=(0, 1))
    apart = replace(two, by_seed=flat + np.array([[1.0], [-1.0]]))
    assert two.close.tobytes() == apart.close.tobytes()
    only = {"051900.KS": bars["051900.KS"]}
    changes = changed_forecasts(lambda _: {"051900.KS": apart}, only, day, {"051900.KS": two})
    assert changes and "by_seed" in changes[0]


@pytest.mark.parametrize("field", ["X", "y", "last_close", "as_of"])
@pytest.mark.parametrize("part", ["fit", "validation", "test"])
def test_the_mirror_shows_any_change_of_what_it_was_given(bars, part, field):
    from forecasters.preparation.preprocessing import Preprocessing
    from forecasters.walk_forward.fold_windows import cut_windows

    features = make_features(bars["051900.KS"])
    whole = cut_windows(features, PLAN.split(features.sessions)[0], Preprocessing(lookback=5))
    array = getattr(getattr(whole, part), field).copy()
    array[-1] = array[-1] + np.timedelta64(1, "D") if field == "as_of" else 1.5
    other = replace(whole, **{part: replace(getattr(whole, part), **{field: array})})

    def answered(windows):
        mirror = Mirror(plugins.make(plugins.FORECASTERS, plugins.parse("naive")))
        rng = np.random.default_rng(0)
        return mirror.fit(windows.fit, windows.validation, rng).predict(windows.test)

    assert (answered(whole) != answered(other)).any()
    assert answered(whole).tobytes() == answered(whole).tobytes()


def test_days_are_the_corners_of_the_folds_and_a_halt(bars):
    trial = Subject(plugins.load(plugins.FORECASTERS, plugins.parse("naive"))(), PLAN, bars)
    rows = np.searchsorted(bars["051900.KS"].sessions, trial.days)
    assert {61, 76, 77, 85} <= set(rows.tolist())
    assert len(replace(trial, few_days=True).days) < len(trial.days)


def test_chance_reaches_the_bound_no_more_often_than_is_stated():
    """The bound holds for heavy tails and forecasts that follow the past: 4,000 audits, none over."""
    rng = np.random.default_rng(0)
    over = 0
    for _ in range(4000):
        realised = rng.standard_t(3, 60) * 0.01
        forecast = np.concatenate([[0.0], np.cumsum(realised)[:-1]])
        over += Outcomes(forecast, realised).agreement >= BOUND
    assert over <= 4  # 0.1% of 4,000


def test_skill_is_the_reduction_of_the_squared_error_of_naive():
    realised = np.array([0.01, -0.02, 0.02])
    assert Outcomes(realised, realised).skill == 1.0
    assert Outcomes(np.zeros(3), realised).skill == 0.0
    assert Outcomes(2 * realised, realised).skill == pytest.approx(0.0)
    assert Outcomes(-realised, realised).skill == pytest.approx(-3.0)
    assert Outcomes(realised, realised).agreement == pytest.approx(9 / 33**0.5)  # 1+4+4, 1+16+16


# --- rules ---------------------------------------------------------------------------------------


@pytest.fixture
def try_rule(bars, tmp_path):
    def make(text):
        if (LEAKS / f"{text}.py").exists():
            text = shutil.copy(LEAKS / f"{text}.py", tmp_path)
            (tmp_path / "prices.csv").write_text("1")
        rule = plugins.make(plugins.STRATEGIES, plugins.parse(str(text)))
        naive = plugins.make(plugins.FORECASTERS, plugins.parse("naive"))
        market = market_for("051900.KS", "auto")
        broker = Broker(market.cash, Costs.of(market, None, 5.0, None), 0.95)
        return RuleSubject(rule, Subject(naive, PLAN, bars), broker)

    return make


@pytest.mark.parametrize(
    ("leak", "check", "where"),
    [
        ("stateful_rule", "pure", "keeps something between calls"),
        ("stateful_rule", "orders", "changed when the bars after"),
        ("looking_rule", "orders", "sees more than its situation"),
        ("raising_rule", "pure", "raised ValueError"),
        ("silent_rule", "pure", "which is no Signal"),
        ("dated_rule", "pure", "dated 28 years earlier"),
        ("reading_rule", "pure", "prices.csv"),
    ],
)
def test_a_planted_rule_is_found_by_the_check_that_is_named(try_rule, leak, check, where):
    verdict, sentence = examine(check, try_rule(leak))
    assert verdict is Status.FOUND
    assert where in sentence


@pytest.mark.parametrize("check", ["pure", "orders"])
@pytest.mark.parametrize("exit_", ["entry", "day", "touch"])
def test_the_five_percent_rule_passes_whatever_its_exit(try_rule, exit_, check):
    verdict, sentence = examine(check, try_rule(f"five_percent:exit={exit_}"))
    assert verdict is Status.PASSED, sentence


@pytest.mark.parametrize("name", plugins.names(plugins.STRATEGIES))
@pytest.mark.parametrize("check", ["pure", "orders"])
def test_nothing_is_found_in_our_rules(try_rule, name, check):
    verdict, sentence = examine(check, try_rule(name))
    assert verdict is not Status.FOUND, sentence


# --- the command ---------------------------------------------------------------------------------

TINY = "--train-size 60 --step 20 --quick --quiet --jobs 1".split()


def test_the_command_ends_with_0_and_a_table_for_what_is_honest(capsys):
    code = backtests(["audit", "--forecaster", str(LEAKS / "mean.py"), *TINY])
    out, err = capsys.readouterr()
    assert code == 0
    assert "nothing was found" in out and "FOUND" not in out
    for check in FORECASTER_CHECKS:
        assert sum(line.startswith(f"{check.name} ") for line in out.splitlines()) == 1
        assert check.does in out
    assert "SIMULATED" in err


def test_the_command_ends_with_1_and_names_the_leak(capsys):
    subjects = ["--forecaster", str(LEAKS / "later_window.py"), "naive"]
    code = backtests(["audit", *subjects, "--strategy", "five_percent", *TINY, "--json"])
    out, _ = capsys.readouterr()
    answered = json.loads(out)
    assert code == 1 and answered["clean"] is False
    rows = {(row["subject"], row["check"]): row for row in answered["findings"]}
    assert rows["later_window", "forecasts"]["verdict"] == "FOUND"
    assert rows["naive", "forecasts"]["verdict"] == "passed"
    assert rows["five_percent", "orders"]["verdict"] == "passed"
    assert ("buy_and_hold", "orders") not in rows, "what was not named is not audited"
    assert rows["naive", "wrong labels"]["verdict"] == "cannot say"
    assert any("20" in sentence for sentence in rows["later_window", "forecasts"]["sentences"])


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ([], "name what to audit"),
        (["--forecaster", "rn"], "did you mean"),
        (["--forecaster", "naive", "--train-size", "5000", "--ticker", "051900.KS",
          "--source", "simulated", "--start", "2015-01-01", "--end", "2016-01-01"], "lower --train-size"),
    ],
)  # fmt: skip
def test_bad_usage_ends_with_2(capsys, flags, words):
    assert backtests(["audit", *flags]) == 2
    assert words in capsys.readouterr().err


def test_epochs_are_lowered_and_it_says_so(capsys):
    from backtests.audit import make_parser
    from backtests.auditing.prepare import prepare

    asked = "--forecaster rnn cnn:epochs=7 naive --quick".split()
    examinations, _, told = prepare(make_parser().parse_args(asked))
    epochs = {e.label: getattr(e.subject.forecaster, "epochs", None) for e in examinations}
    assert epochs == {"rnn": 1, "cnn:epochs=7": 7, "naive": None}
    assert any(line.startswith("rnn: 1 epoch to look") for line in told)
    examinations, _, told = prepare(make_parser().parse_args([*asked, "--epochs", "9"]))
    epochs = {e.label: getattr(e.subject.forecaster, "epochs", None) for e in examinations}
    assert epochs == {"rnn": 9, "cnn:epochs=7": 7, "naive": None}
    assert not any("to look for leaks" in line for line in told)
