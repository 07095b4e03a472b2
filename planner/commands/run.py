# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``drover run``: a thin front of ``ansible-playbook`` for the playbooks of the collection.

It turns arguments into the playbooks' variables, shows the command and becomes it, so exit codes, signals and the
terminal are those of ``ansible-playbook``.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import shutil
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from ..errors import InputError
from ..visible import visible
from .playbooks import COLLECTION, PLAYBOOKS, Playbook, Variable

PROGRAM = "ansible-playbook"
VIEW = {"ANSIBLE_STDOUT_CALLBACK": f"{COLLECTION}.brief"}
"""How the playbook is shown where the operator's environment does not say otherwise."""

INSTALLED = "~/.ansible/collections:/usr/share/ansible/collections"
"""Where Ansible looks for collections by itself."""

_PLAIN = re.compile(r"[\w./:@+-]+(,[\w./:@+-]+)*", re.ASCII)
"""Values that Ansible reads as they are behind ``-e name=``; all others are passed as JSON."""


class _Arguments(argparse.ArgumentParser):
    """The arguments of a playbook; what stands behind ``--`` is for Ansible, and every fault is one sentence."""

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """Parse what stands before ``--``, and keep what stands behind it as it is."""
        mine, passed = _cut(list(args or ()))
        options, unknown = super().parse_known_args(mine, namespace)
        options.passed = passed
        if unknown:
            self.error(
                f"{' '.join(unknown)} is not an argument of {self.prog}. Options of {PROGRAM} go behind --"
            )
        return options, []

    def error(self, message: str) -> NoReturn:
        """Refuse in one sentence."""
        _refuse(self, message)


def _refuse(parser: argparse.ArgumentParser, message: str) -> NoReturn:
    sentence = f"{message[:1].upper()}{message[1:]}".rstrip(".")
    message = visible(f"{sentence}. {parser.prog} --help shows how it is called.")
    parser.exit(2, f"drover: {message}\n")


def _cut(arguments: list[str]) -> tuple[list[str], list[str]]:
    if "--" not in arguments:
        return arguments, []
    place = arguments.index("--")
    return arguments[:place], arguments[place + 1 :]


def add_run(commands: Any) -> None:
    """Add the command with one parser a playbook."""
    run = commands.add_parser(
        "run",
        help="run a playbook of the collection",
        description="Runs a playbook of the collection drover.libvirt and shows the command that it runs. "
        "What stands behind -- goes to ansible-playbook as it is.",
    )
    run.error = partial(_refuse, run)
    playbooks = run.add_subparsers(
        dest="playbook", required=True, metavar="PLAYBOOK", parser_class=_Arguments
    )
    for playbook in PLAYBOOKS.values():
        _add_playbook(playbooks, playbook)


def _add_playbook(playbooks: Any, playbook: Playbook) -> None:
    parser = playbooks.add_parser(
        playbook.name,
        help=playbook.does,
        description=f"Runs {playbook.full_name}: {playbook.does}.",
    )
    for number, variable in enumerate(playbook.takes):
        _add_positional(parser, variable, is_needed=number < playbook.needs)
    group = parser.add_argument_group("how Ansible runs it (more behind --)")
    group.add_argument(
        "-i", "--inventory", action="append", default=[], metavar="FILE", help="the inventory"
    )
    group.add_argument("-C", "--check", action="store_true", help="only say what would be done")
    group.add_argument(
        "-D", "--diff", action="store_true", help="show differences, before and after"
    )
    group.add_argument("-b", "--become", action="store_true", help="become root on the hosts")
    group.add_argument("-v", "--verbose", action="count", default=0, help="show each task")
    for variable in playbook.options:
        _add_option(parser, variable)
    parser.set_defaults(run=_run, chosen=playbook)


def _add_positional(
    parser: argparse.ArgumentParser, variable: Variable, *, is_needed: bool
) -> None:
    if variable.kind == "names":
        parser.add_argument(
            variable.variable,
            metavar=variable.word,
            nargs="+" if is_needed else "*",
            help=variable.what,
        )
    else:
        parser.add_argument(
            variable.variable,
            metavar=variable.word,
            choices=variable.choices or None,
            help=variable.what,
        )


def _add_option(parser: argparse.ArgumentParser, variable: Variable) -> None:
    if variable.kind in ("flag", "off"):
        parser.add_argument(
            variable.flag,
            dest=variable.variable,
            action="store_const",
            const=variable.kind == "flag",
            help=variable.what,
        )
        return
    parser.add_argument(
        variable.flag,
        dest=variable.variable,
        action="append" if variable.kind == "names" else "store",
        choices=variable.choices or None,
        metavar=None if variable.choices else variable.word or variable.kind.upper(),
        help=variable.what,
    )


def _run(options: argparse.Namespace) -> None:
    """Show the command and become it."""
    command = playbook_command(options)
    program = _program()
    added = {name: value for name, value in {**_tree(), **VIEW}.items() if name not in os.environ}
    shown = [f"{name}={value}" for name, value in added.items()]
    print(visible(f"$ {shlex.join([*shown, *command])}"), file=sys.stderr, flush=True)
    os.execve(program, command, {**os.environ, **added})  # noqa: S606 - the operator's own arguments, no shell


def _tree() -> dict[str, str]:
    """Return where the collection is when this is a working tree, whose playbooks Ansible would not find."""
    collections = Path(__file__).parents[2] / ".collections"
    if not (collections / "ansible_collections" / COLLECTION.replace(".", "/")).is_dir():
        return {}
    return {"ANSIBLE_COLLECTIONS_PATH": f"{collections}:{INSTALLED}"}


def _program() -> str:
    """Return the path of ``ansible-playbook``: of the environment of this command, else of the operator's path."""
    beside = Path(sys.executable).with_name(PROGRAM)
    found = str(beside) if beside.is_file() else shutil.which(PROGRAM)
    if not found:
        raise InputError(
            f"There is no {PROGRAM} on this machine's PATH. Install it beside drover: pip install ansible-core."
        )
    return found


def playbook_command(options: argparse.Namespace) -> list[str]:
    """Return the command line that the arguments mean.

    Raises
    ------
    InputError
        Values that are not numbers, files, JSON or names.
    """
    playbook: Playbook = options.chosen
    given = [
        (variable, value)
        for variable in (*playbook.takes, *playbook.options)
        if (value := getattr(options, variable.variable)) not in (None, [])
    ]
    faults: list[str] = []
    extra: list[str] = []
    for variable, value in given:
        try:
            extra += ["-e", _extra_variable(variable.variable, _value(variable, value))]
        except InputError as error:
            faults.append(error.message)
    if faults:
        raise InputError(" ".join(faults))
    return [
        PROGRAM,
        *(part for path in options.inventory for part in ("-i", path)),
        playbook.full_name,
        *extra,
        *(["--check"] if options.check else []),
        *(["--diff"] if options.diff else []),
        *(["--become"] if options.become else []),
        *([f"-{'v' * options.verbose}"] if options.verbose else []),
        *options.passed,
    ]


def _value(variable: Variable, value: Any) -> Any:
    if variable.kind in _READERS:
        return _READERS[variable.kind](variable, value)
    return _text(variable, value) if isinstance(value, str) else value


def _text(variable: Variable, value: str) -> str:
    if not value.isprintable() or "{{" in value or "{%" in value:
        raise InputError(f"{_called(variable)} must be plain text, and {visible(value)!r} is not.")
    return value


def _names(variable: Variable, values: Sequence[str]) -> str:
    names = [name.strip() for value in values for name in _text(variable, value).split(",")]
    if not all(names):
        raise InputError(f"{_called(variable)} has an empty name: {','.join(values)!r}.")
    return ",".join(dict.fromkeys(names))


def _number(variable: Variable, value: str) -> str:
    try:
        float(value)
    except ValueError:
        raise InputError(f"{_called(variable)} must be a number, and {value!r} is not.") from None
    return value


def _file(variable: Variable, value: str) -> str:
    path = Path(_text(variable, value)).expanduser()
    if not path.is_file():
        raise InputError(f"{_called(variable)} names no file: {value!r}.")
    return str(path.absolute())


def _output(variable: Variable, value: str) -> str:
    path = Path(_text(variable, value)).expanduser()
    if not path.name or path.is_dir() or not path.parent.is_dir():
        raise InputError(
            f"{_called(variable)} must be a file in a folder that exists, and {value!r} is not."
        )
    return str(path.absolute())


def _json(variable: Variable, value: str) -> Mapping[str, Any]:
    try:
        document = json.loads(value)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise InputError(
            f'{_called(variable)} must be a JSON object such as \'{{"post_copy": "on_stall"}}\', and {value!r} is not.'
        )
    return document


_READERS = {"names": _names, "number": _number, "file": _file, "output": _output, "json": _json}


def _called(variable: Variable) -> str:
    return variable.word or variable.flag


def _extra_variable(name: str, value: Any) -> str:
    """Return a variable as ``-e`` takes it: as it is where Ansible reads it so, else as JSON."""
    if isinstance(value, bool):
        return f"{name}={str(value).lower()}"
    if isinstance(value, str) and _PLAIN.fullmatch(value):
        return f"{name}={value}"
    return json.dumps({name: value}, ensure_ascii=False)
