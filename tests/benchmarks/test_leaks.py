"""The list of leaks: what is planted runs, and the audit says of each what the table says."""

import numpy as np
import pytest

from benchmarks.leaks.__main__ import known_closes, try_extra, try_kind
from benchmarks.leaks.kinds import KINDS

#: Kinds that the audit does not find; the table of docs/results/audit.md names them.
MISSED: set[str] = set()
PLANTED = [kind for kind in KINDS if not kind.ours]


def test_every_kind_is_a_file_with_one_class():
    closes = {"2016-01-04": 10.0, "2016-01-05": 11.0, "2016-01-06": 10.5}
    for kind in PLANTED:
        text = kind.source(closes).replace("{hour}", "1").replace("{utc}", "1")
        compile(text, kind.name, "exec")
        assert text.count("class Planted(") == 1
        assert ("'2016-01-06'" in text) is not kind.honest, "only a leak knows what came"


def test_names_are_told_apart():
    names = [(kind.name, kind.rule) for kind in KINDS]
    assert len(set(names)) == len(names)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS, ids=[f"{k.name}{' (rule)' * k.rule}" for k in KINDS])
def test_the_audit_says_what_the_table_says(kind):
    row = try_kind(kind, known_closes(), [], first=not kind.honest)
    assert bool(row.found) is (not kind.honest and kind.name not in MISSED), row.sentences


@pytest.mark.slow
@pytest.mark.parametrize("honest", [False, True])
def test_the_audit_tells_an_honest_column_from_one_that_holds_what_comes(honest):
    row = try_extra("column", known_closes(), honest, [], first=False)
    assert bool(row.found) is not honest, row.sentences


def test_the_closes_that_a_leak_knows_are_those_of_the_audit():
    closes = known_closes()
    assert next(iter(closes)) >= "2015-01-01"
    assert np.isfinite(list(closes.values())).all()
