# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages of the documentation that are made from the code: playbooks, the command, schemas, error codes and exit codes.

Each function returns Markdown. Nothing here is written by hand that stands in the code already.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from drover_planner.commands.drover import EXIT_CODES, _parser
from drover_planner.commands.playbooks import PLAYBOOKS, Playbook, Variable

ROOT = Path(__file__).resolve().parents[1]
SCHEMAS = ("policy", "goal", "facts", "plan", "outcomes")


def pages() -> dict[str, str]:
    """Return all generated pages by the name of their file."""
    return {
        "playbooks.md": playbooks(),
        "commands.md": commands(),
        "exit_codes.md": exit_codes(),
        "error_codes.md": error_codes(),
        **{f"{name}_schema.md": schema(name) for name in SCHEMAS},
    }


# Playbooks


def playbooks() -> str:
    """Return every playbook with the arguments of ``drover run`` and the variables that they are."""
    parts = [_title("Arguments of the playbooks")]
    parts.append(
        "Made from the table of `drover run`. [Playbooks](../docs/playbooks.md) has examples, and "
        "[Variables](../docs/variables.md) those of the inventory. "
        "`-i`, `--check`, `--diff`, `-b` and `-v` are Ansible's; all its other options go behind `--`.\n"
    )
    parts += [_playbook(playbook) for playbook in PLAYBOOKS.values()]
    return "\n".join(parts)


def _playbook(playbook: Playbook) -> str:
    words = " ".join(
        variable.word if number < playbook.needs else f"[{variable.word}]"
        for number, variable in enumerate(playbook.takes)
    )
    usage = f"drover run {playbook.name} {words}".strip()
    rows = [
        (f"`{variable.word}`", f"`{variable.variable}`", variable.what)
        for variable in playbook.takes
    ]
    rows += [
        (f"`{variable.flag}{_value_of(variable)}`", f"`{variable.variable}`", variable.what)
        for variable in playbook.options
    ]
    table = _table(("argument", "variable", "meaning"), rows)
    does = f"{playbook.does[:1].upper()}{playbook.does[1:]}."
    return f"## {playbook.name}\n\n{does} The playbook is `{playbook.full_name}`.\n\n```\n{usage}\n```\n\n{table}"


def _value_of(variable: Variable) -> str:
    if variable.kind in ("flag", "off"):
        return ""
    return f" {'|'.join(variable.choices) or variable.word or variable.kind.upper()}"


# The command


def commands() -> str:
    """Return the help of every command of ``drover``, without the playbooks of ``drover run``."""
    parts = [
        _title("The command drover"),
        "As `drover COMMAND --help` says it. [How to use it](../docs/planner.md).\n",
    ]
    for name, parser in _subcommands(_parser()).items():
        if name != "run":
            parts.append(f"## drover {name}\n\n```text\n{parser.format_help().rstrip()}\n```\n")
    return "\n".join(parts)


def _subcommands(parser: argparse.ArgumentParser) -> Mapping[str, argparse.ArgumentParser]:
    [commands] = [
        action.choices
        for action in parser._actions
        if isinstance(action, argparse._SubParsersAction)
    ]
    return commands


def exit_codes() -> str:
    """Return what the exit codes mean."""
    rows = re.findall(r"^ +(\d+) +(.+)$", EXIT_CODES, re.MULTILINE)
    return (
        f"{_title('Exit codes')}\n{_table(('code of drover', 'meaning'), rows)}\n"
        "`drover run` ends with the exit code of `ansible-playbook`: 0 done, 1 an error, "
        "2 a task failed on a host, 4 a host did not answer, 99 interrupted, 250 an error nobody expected.\n"
    )


# Schemas


def schema(name: str) -> str:
    """Return the keys of a document, with their types and meanings."""
    file = ROOT / "planner" / "schemas" / f"{name}.schema.json"
    document = json.loads(file.read_text(encoding="utf-8"))
    parts = [
        _title(f"Schema: {document.get('title', name)}"),
        f"{document.get('description', '')} The JSON Schema itself: [{file.name}](../planner/schemas/{file.name}).\n",
        _table(("key", "type", "meaning"), _keys(document)),
    ]
    for part, content in document.get("definitions", {}).items():
        parts.append(f"## {part}\n\n{content.get('description', '')}\n")
        parts.append(_table(("key", "type", "meaning"), _keys(content)))
    return "\n".join(parts)


def _keys(content: Mapping[str, Any], path: str = "") -> list[tuple[str, str, str]]:
    rows = []
    for shape in (content, *_alternatives(content)):
        needed = shape.get("required", [])
        for key, value in shape.get("properties", {}).items():
            full = f"{path}{key}"
            meaning = value.get("description", "")
            rows.append(
                (f"`{full}`", _type(value) + (", needed" if key in needed else ""), meaning)
            )
            rows += _keys(value, f"{full}.")
        if isinstance(shape.get("items"), dict):
            rows += _keys(shape["items"], f"{path.rstrip('.')}[].")
        if isinstance(shape.get("additionalProperties"), dict):
            rows += _keys(shape["additionalProperties"], f"{path}NAME.")
    return rows


def _alternatives(content: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for word in ("oneOf", "anyOf", "allOf"):
        yield from content.get(word, [])


def _type(content: Mapping[str, Any]) -> str:
    if "$ref" in content:
        return content["$ref"].rsplit("/", 1)[-1]
    if "const" in content:
        return f"`{json.dumps(content['const'])}`"
    if "enum" in content:
        return ", ".join(f"`{value}`" for value in content["enum"])
    kind = content.get("type")
    if isinstance(kind, list):
        return " or ".join(kind)
    return kind or " or ".join(dict.fromkeys(map(_type, _alternatives(content)))) or "any"


# Error codes


@dataclass
class ErrorCode:
    """What is known of a code.

    Parameters
    ----------
    meaning
        The first sentence of the error's own documentation; empty for complaints of libvirt.
    remedies
        What to do, in the cases in which it is raised.
    """

    meaning: str = ""
    remedies: dict[str, None] = field(default_factory=dict)


def error_codes() -> str:
    """Return all codes that modules return as ``error_code``, with what they mean and the remedies."""
    known = collected_error_codes()
    rows = [
        (f"`{code}`", _plain(found.meaning), "<br>".join(map(_plain, found.remedies)))
        for code, found in sorted(known.items())
    ]
    return (
        f"{_title('Error codes and remedies')}\n"
        "Whatever fails returns `error_code`, a message, and a `remedy` for the case at hand. Here are the codes with "
        "the remedies that stand in the code; `…` is filled in. "
        "Codes without a meaning here are libvirt's complaints, sorted by their cause.\n\n"
        f"{_table(('code', 'meaning', 'remedies'), rows)}"
    )


def collected_error_codes() -> dict[str, ErrorCode]:
    """Return the error codes of the collection, read from its syntax trees."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in _plugins()]
    classes = dict(found for tree in trees for found in _error_classes(tree))
    known: dict[str, ErrorCode] = defaultdict(ErrorCode)
    for code, meaning in classes.values():
        known[code].meaning = meaning
    for call in (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)):
        for code, remedy in _told(call, classes):
            known[code].remedies |= dict.fromkeys(filter(None, [remedy]))
    del known["error"]  # what all of them derive from
    return dict(known)


def _plugins() -> Iterable[Path]:
    return sorted((ROOT / "plugins").rglob("*.py"))


def _error_classes(tree: ast.AST) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield the name of each error with its code and the first line of its documentation."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.ClassDef):
            continue
        for statement in node.body:
            target = (
                statement.targets[0]
                if isinstance(statement, ast.Assign)
                else getattr(statement, "target", None)
            )
            if isinstance(target, ast.Name) and target.id == "code" and _text(statement.value):
                meaning = (ast.get_docstring(node) or "").split("\n\n")[0]
                yield node.name, (_text(statement.value), meaning)


def _told(call: ast.Call, classes: Mapping[str, tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield a code with the remedy that a call names, for errors that are made and for complaints of libvirt."""
    name = getattr(call.func, "id", getattr(call.func, "attr", ""))
    named = {keyword.arg: keyword.value for keyword in call.keywords}
    if name in classes:
        remedy = call.args[1] if len(call.args) > 1 else named.get("remedy")
        yield classes[name][0], _text(remedy)
    elif name == "Complaint" and len(call.args) > 1:
        yield _text(call.args[0]), _text(call.args[1])
    elif code := _text(named.get("error_code")):
        yield code, _text(named.get("remedy"))


def _text(node: Any) -> str:
    """Return a text of the code with dots for what is filled in; nothing where it is none."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "format":
        return re.sub(r"\{[^}]*\}", "…", _text(node.func.value))
    if isinstance(node, ast.JoinedStr):
        return "".join(
            _text(part) if isinstance(part, ast.Constant) else "…" for part in node.values
        )
    return ""


def _plain(text: str) -> str:
    return re.sub(r"C\(([^)]*)\)", r"`\1`", " ".join(text.split()))


# Markdown


def _title(text: str) -> str:
    return f"# {text}\n"


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    heads = list(heads)
    lines = [heads, ["---"] * len(heads), *([_cell(cell) for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
