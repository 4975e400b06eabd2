"""The code behind a user's file is also what it imports when it is called."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from backtests import plugins
from backtests.plugins import imports
from forecasters.errors import InputError

OWN = """
from forecasters.models.linear import Linear
class Own(Linear):
    def fit(self, windows, validation, rng):
        {imported}
        return super().fit(windows, validation, rng)
"""


@pytest.fixture
def behind(tmp_path: Path) -> Callable[[str], dict[str, Path]]:
    """Return a function from an import inside a method to the files behind the class, by name."""
    home = tmp_path / "home"
    home.mkdir()

    def find(imported: str) -> dict[str, Path]:
        (home / "own.py").write_text(OWN.replace("{imported}", imported))
        cls = plugins.load(plugins.FORECASTERS, plugins.parse(str(home / "own.py")))
        return dict(plugins.files_behind(cls))

    return find


def write(folder: Path, *names: str, text: str = "x = 1\n") -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def test_a_package_beside_the_file_that_is_imported_in_a_method(
    behind: Callable[[str], dict[str, Path]], tmp_path: Path
) -> None:
    home = tmp_path / "home"
    write(home, "mylib/net.py", "mylib/deep/inner.py", "mylib/fast.so", "mylib/__pycache__/net.py")
    write(home, "mylib/__init__.py", text="def late():\n    import helper\n")
    write(home, "helper.py", text="import mylib, broken\n")
    write(home, "broken.py", text="this is no Python\n")
    write(home, "unrelated.py")
    found = behind("from mylib.net import Net")
    assert sorted(found) == [
        "broken.py", "helper.py", "mylib/__init__.py", "mylib/deep/inner.py", "mylib/fast.so", "mylib/net.py",
        "own.py",
    ]  # fmt: skip
    assert all(path == home / name for name, path in found.items())


def test_a_change_of_it_changes_the_key_before_it_was_ever_imported(tmp_path: Path) -> None:
    write(tmp_path, "mylib/net.py")
    write(tmp_path, "own.py", text=OWN.replace("{imported}", "import mylib.net"))
    cls = plugins.load(plugins.FORECASTERS, plugins.parse(str(tmp_path / "own.py")))
    before = plugins.provenance(cls)
    write(tmp_path, "mylib/net.py", text="x = 2\n")
    assert plugins.provenance(cls) != before


def test_a_helper_on_the_path_of_python_that_was_not_installed(
    behind: Callable[[str], dict[str, Path]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "elsewhere", "my_helpers_of_nets/__init__.py", "my_helpers_of_nets/net.py")
    write(tmp_path / "site-packages", "my_installed_nets/__init__.py")
    monkeypatch.syspath_prepend(tmp_path / "elsewhere")
    monkeypatch.syspath_prepend(tmp_path / "site-packages")
    found = behind("import my_helpers_of_nets.net, my_installed_nets, numpy, json, absent_module")
    assert sorted(found) == [
        "my_helpers_of_nets/__init__.py",
        "my_helpers_of_nets/net.py",
        "own.py",
    ]


def test_a_folder_with_thousands_of_files_is_no_package(
    behind: Callable[[str], dict[str, Path]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "home", *(f"mylib/part{n}.py" for n in range(5)))
    monkeypatch.setattr(imports, "LARGEST", 5)
    with pytest.raises(
        InputError, match=r"'mylib' means the folder .*mylib, which has more than 5"
    ):
        behind("import mylib")
