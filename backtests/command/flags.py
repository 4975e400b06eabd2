"""Flags from the fields of a configuration, and a configuration from flags and a file."""

from __future__ import annotations

import argparse
import dataclasses
import textwrap
import typing
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from backtests.command.config import RunConfig
from backtests.command.flag import Flag, Part, basic_type, flags_of, name_of
from backtests.command.guard import say
from backtests.writing import plain
from forecasters.errors import InputError

#: Letters in a line of `--help`.
WIDTH = 78


class Parser(argparse.ArgumentParser):
    """A parser whose errors show what was typed with escapes, and not longer than a screen."""

    def error(self, message: str) -> NoReturn:
        """Print the usage and the message, and exit with 2."""
        super().error(plain.message(message))


def make_parser(
    of: type[RunConfig],
    description: str,
    examples: Sequence[str],
    *,
    json_help: str,
    quiet_help: str,
    codes: str,
    notes: str = "",
) -> argparse.ArgumentParser:
    """Return the parser of a command: `--config`, `--quiet`, `--json`, then its flags by part.

    Parameters
    ----------
    of : type
        The configuration of the command; it names the command.
    examples : sequence of str
        What a user types after ``backtests <command>``.
    json_help, quiet_help : str
        What the command prints with these flags.
    codes : str
        The exit codes and their meaning.
    notes : str
        What else a reader of `--help` needs to know.
    """
    prog = f"backtests {of.command}"
    wrapped = [textwrap.fill(text, WIDTH) for text in (notes, f"exit codes: {codes}") if text]
    parser = Parser(
        prog=prog,
        usage=f"{prog} [flags]",
        description=textwrap.fill(description, WIDTH),
        epilog="\n\n".join([shown_examples(prog, examples), *wrapped]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--config",
        metavar="FILE",
        help="a TOML file whose keys are the names of the flags; flags win",
    )
    parser.add_argument("--quiet", action="store_true", help=quiet_help)
    parser.add_argument("--json", action="store_true", help=json_help)
    hints = typing.get_type_hints(of)
    defaults = {f.name: f.default for f in dataclasses.fields(of)}
    flags = flags_of(of, of.command)
    for part in Part:
        group = parser.add_argument_group(part.value)
        for name, flag in flags.items():
            if flag.part is part:
                _add(group, name, flag, hints[name], defaults[name])
    return parser


def refuse_others(
    arguments: Sequence[str], of: type[RunConfig], commands: Sequence[str], why: str
) -> None:
    """Refuse flags that other commands take and this one does not, with the reason.

    Parameters
    ----------
    commands : sequence of str
        The other commands whose flags are refused in this way.
    why : str
        Why this command does not take them, and what to do.

    Raises
    ------
    InputError
        One of the arguments is such a flag.
    """
    own = flags_of(of, of.command)
    others = {
        name_of(name) for command in commands for name in flags_of(of, command) if name not in own
    }
    for argument in arguments:
        if (named := argument.partition("=")[0]) in others:
            raise InputError(f"{of.command} takes no {named}: {why}")


def shown_examples(prog: str, examples: Sequence[str]) -> str:
    """Return the lines of `--help` that show how a command is used."""
    return "\n".join(["examples:", *(f"  {prog} {flags}" for flags in examples)])


def from_arguments(arguments: argparse.Namespace) -> RunConfig:
    """Return the configuration of the flags over that of `--config` over the defaults."""
    return RunConfig(**given_values(arguments))


def given_values(arguments: argparse.Namespace, of: type[RunConfig] = RunConfig) -> dict[str, Any]:
    """Return the values that the user set: those of the flags over those of `--config`."""
    values: dict[str, Any] = {}
    if arguments.config is not None:
        from backtests.command.config_file import read_config

        if not arguments.config.strip():
            raise InputError("--config is empty: name a file, or leave the flag out")
        values = read_config(Path(arguments.config), of)
    for name in flags_of(of):
        value = getattr(arguments, name, None)  # a command may take only some of the flags
        if value is not None:
            values[name] = tuple(value) if isinstance(value, list) else value
    return values


class _Last(argparse.Action):
    """Stores a value; of a flag that is given again the last one counts, as usual, and that is said."""

    def __call__(
        self, parser: Any, namespace: argparse.Namespace, values: Any, option_string: Any = None
    ) -> None:
        before = getattr(namespace, self.dest, None)
        if before is not None and before != values:
            given = option_string or name_of(self.dest)
            several = f"; write {given} once, with all values behind it" if self.nargs else ""
            say(
                f"WARNING: {given} is given more than once: {_words(values)} counts, {_words(before)} does "
                f"not{several}"
            )
        setattr(namespace, self.dest, values)


def _words(values: Any) -> str:
    return " ".join(map(str, values)) if isinstance(values, list) else str(values)


def _number(kind: type) -> Callable[[str], Any]:
    """Return a reader of numbers whose message argparse shows."""

    def of(text: str) -> Any:
        from backtests.plugins.named import READ  # with it comes numpy, which --help needs not

        try:
            return READ[kind](text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return of


NUMBERS: dict[type, Callable[[str], Any]] = {kind: _number(kind) for kind in (int, float)}


def _add(group: Any, name: str, flag: Flag, hint: Any, default: Any) -> None:
    """Add one flag to a group of a parser. The default of argparse is None: "not given"."""
    if hint is bool:
        if flag.opposite:
            group = group.add_mutually_exclusive_group()
        group.add_argument(name_of(name), action="store_true", default=None, help=flag.help)
        if flag.opposite:
            opposite, text = flag.opposite
            group.add_argument(
                name_of(opposite), dest=name, action="store_false", default=None, help=text
            )
        return
    extra: dict[str, Any] = {"metavar": name.rpartition("_")[2].upper()}
    if flag.choices:  # the configuration checks them and names the nearest
        extra["metavar"] = f"{{{','.join(flag.choices)}}}"
    if typing.get_origin(hint) is tuple:
        extra["nargs"] = "+"
    text = flag.help
    read = NUMBERS.get(basic_type(hint), basic_type(hint))
    if default not in (None, ()) and "default" not in text:
        text += f" (default {_shown(default)})"
    group.add_argument(name_of(name), type=read, action=_Last, help=text, **extra)


def _shown(default: Any) -> str:
    if isinstance(default, tuple):
        return " ".join(default)
    return f"{default:.4g}" if isinstance(default, float) else str(default)
