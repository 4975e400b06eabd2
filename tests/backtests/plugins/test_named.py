"""The parts of what a user types for a forecaster or a rule."""

from __future__ import annotations

from pathlib import Path

from backtests.plugins.named import parse, typed_path


def test_a_folder_may_have_the_suffix_of_a_file_in_its_name(tmp_path: Path) -> None:
    """As of pyenv: the path ends at its colon, not at its first suffix."""
    path = tmp_path / ".pyenv" / "gru.py"
    path.parent.mkdir()
    path.write_text("")
    typed = f"{path}:hidden=8"
    assert typed_path(typed) == str(path)
    named = parse(typed)
    assert (named.path, named.settings) == (path.resolve(), {"hidden": "8"})
    assert typed_path("cnn:hidden=8") is None
