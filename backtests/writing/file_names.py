"""Names of files from labels: no two labels of a run have the same one."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

#: Bytes of a name, without its suffix: file systems take 255 with everything.
LONGEST = 200


def slug(label: str) -> str:
    """Return a label as a file name that every system takes; two labels may have the same one."""
    return re.sub(r"[^\w.=,+-]", "_", label)


def file_names(labels: Iterable[str]) -> dict[str, str]:
    """Return label to file name, each name once, also where upper and lower case are the same.

    A label has its `slug`. Where two labels share one, or it is too long, a part of the label's
    sha256 follows it. A name depends on all labels together, never on their order.

    Examples
    --------
    >>> file_names(["naive", "rnn--a:b", "rnn--a_b"])
    {'naive': 'naive', 'rnn--a:b': 'rnn--a_b-e4bdbebf', 'rnn--a_b': 'rnn--a_b-e73f7275'}
    """
    each = list(dict.fromkeys(labels))
    names = {label: slug(label) for label in each}
    shared = Counter(_folded(name) for name in names.values())
    for label, name in names.items():
        if shared[_folded(name)] > 1 or len(name.encode()) > LONGEST:
            names[label] = _with_hash(label, name)
    # a label that reads as another one with its hash
    if len({_folded(name) for name in names.values()}) < len(each):
        names = {label: _with_hash(label, slug(label)) for label in each}
    return names


def _with_hash(label: str, name: str) -> str:
    end = f"-{hashlib.sha256(label.encode()).hexdigest()[:8]}"
    start = name.encode()[: LONGEST - len(end)].decode(errors="ignore")
    return start + end


def _folded(name: str) -> str:
    """Return the name as a system compares it that takes upper and lower case for the same."""
    return unicodedata.normalize("NFC", name).casefold()
