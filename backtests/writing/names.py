"""Names of files and folders that a ticker or a label becomes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

#: Bytes of a name: file systems take 255, and a temporary name is longer.
MOST_BYTES = 120
#: Letters that some system does not allow in a name, and what a shell or a link would read otherwise.
_REFUSED = re.compile(r'[<>:"/\\|?*#%]')
#: Names that Windows keeps for devices, with any suffix.
_DEVICES = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.I)
#: Files and folders that a run or a grid writes: no ticker's folder may have such a name.
_OURS = re.compile(
    r".*\.(json|zip|html|csv|parquet|md|tex|svg|png|txt|toml|safetensors|npz|tmp|part)"
    r"|bars|chart|charts|extras|figures|fits|made_of|forecasts|pages|paper|run|store|tables|tearsheets|training|work",
    re.I,
)


def folder_names(names: Sequence[str]) -> dict[str, str]:
    """Return by name the folder of it inside a run: different names have different folders.

    A plain name is its own folder. One that a file of the run has, that some system does not take or
    that is too long is cut and marked with the first digits of its sha256; so are two names that only
    differ in capitals, which some systems do not tell apart.

    Parameters
    ----------
    names : sequence of str

    Examples
    --------
    >>> folder_names(["005930.KS", "manifest.json", "CON"])
    {'005930.KS': '005930.KS', 'manifest.json': 'manifest_json-ffa5b716', 'CON': 'CON-a3dbc4b6'}
    """
    folded = [name.casefold() for name in names]
    return {
        name: name if _plain(name) and folded.count(name.casefold()) == 1 else _marked(name)
        for name in names
    }


def file_stem(name: str) -> str:
    """Return a name as the first part of a file's name; a plain name stays as it is."""
    plain = _plain(name) or (_OURS.fullmatch(name) and not _unsafe(name))
    return name if plain else _marked(name)


def _plain(name: str) -> bool:
    return not _unsafe(name) and not _OURS.fullmatch(name)


def _unsafe(name: str) -> bool:
    return bool(
        not name.strip()
        or name.startswith((".", " "))
        or name.endswith((".", " "))
        or not name.isprintable()
        or _REFUSED.search(name)
        or _DEVICES.fullmatch(name)
        or len(name.encode(errors="replace")) > MOST_BYTES
    )


def _marked(name: str) -> str:
    mark = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:8]
    return f"{re.sub(r'[^A-Za-z0-9=,+-]', '_', name[:40])}-{mark}"
