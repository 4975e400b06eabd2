"""From names to classes: what the user named, where it is found, and whose code it is."""

from backtests.plugins.blame import blamed
from backtests.plugins.found import (
    FORECASTERS,
    KINDS,
    SOURCES,
    STRATEGIES,
    Kind,
    PluginWarning,
    file_of,
    find,
    load,
    load_file,
    make,
    names,
    offered,
)
from backtests.plugins.named import (
    Named,
    is_ours,
    is_setting,
    name_of,
    parse,
    settings_of,
    typed_path,
)
from backtests.plugins.promises import check_forecaster, check_rule
from backtests.plugins.provenance import files_behind, foreign_code, provenance

__all__ = [
    "FORECASTERS",
    "KINDS",
    "SOURCES",
    "STRATEGIES",
    "Kind",
    "Named",
    "PluginWarning",
    "blamed",
    "check_forecaster",
    "check_rule",
    "file_of",
    "files_behind",
    "find",
    "foreign_code",
    "is_ours",
    "is_setting",
    "load",
    "load_file",
    "make",
    "name_of",
    "names",
    "offered",
    "parse",
    "provenance",
    "settings_of",
    "typed_path",
]
