# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The published JSON Schemas, and documents checked against them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from .errors import InputError
from .libraries import require

Check = Callable[[Any], Any]
FOLDER = Path(__file__).parent / "schemas"

KINDS = {
    "object": "a mapping (keys with values)",
    "array": "a list",
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}
"""What types of JSON are called for people."""

LARGEST = 1e12
"""What no host's memory in MiB, no duration in seconds and no price comes near to."""

HALF = "holds half of a character (a lone surrogate), which can be neither shown nor written"
"""What is said of such a text."""

DEEPEST = 40
"""How many levels of lists and mappings no document reaches."""


def schema(name: str) -> dict[str, Any]:
    """Return the published schema of ``facts``, ``policy``, ``goal`` or ``plan``."""
    text = (FOLDER / f"{name}.schema.json").read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    return document


@cache
def _compiled(name: str, part: str | None = None) -> Check:
    document = schema(name)
    if part:
        shared = {key: document[key] for key in ("$schema", "definitions")}
        document = {**document["definitions"][part], **shared}
    return compile_schema(document)


def compile_schema(schema: Mapping[str, Any]) -> Check:
    """Return the check of a schema, for `check_document`."""
    check: Check = require("fastjsonschema").compile(schema, use_default=False)
    return check


def validate(name: str, document: Any) -> None:
    """Check a document against its schema.

    Raises
    ------
    InputError
        With the path of the first fault and the remedy.
    """
    check_document(_compiled(name), document, name)


def with_whole_numbers(document: Any) -> Any:
    """Return a document in which a number such as 2.0, which schemas take for a whole one, is written as 2."""
    if isinstance(document, float) and document.is_integer():
        return int(document)
    if isinstance(document, Mapping):
        return {key: with_whole_numbers(value) for key, value in document.items()}
    if isinstance(document, list):
        return [with_whole_numbers(value) for value in document]
    return document


def _has_only_amounts(document: Any, depth: int = 0) -> bool:
    """Tell whether a document is sound for certain: not too deep, and its numbers finite and not too large.

    Facts with histories have a million numbers, so the path of one is only put together where something is wrong.
    """
    if isinstance(document, (int, float)):
        return abs(document) <= LARGEST
    if isinstance(document, (dict, list)) and depth < DEEPEST:
        inside = document.values() if isinstance(document, dict) else document
        return all(_has_only_amounts(value, depth + 1) for value in inside)
    return document is None or isinstance(document, str)


def _numbers(document: Any, path: str, depth: int = 0) -> Iterator[tuple[str, float]]:
    """Return all numbers of a document with their paths; JSON and YAML know infinite ones, and some that are none."""
    if depth > DEEPEST:
        raise InputError(f"is nested more than {DEEPEST} levels deep.", path=path[:60])
    if isinstance(document, Mapping):
        for key, value in document.items():
            yield from _numbers(value, f"{path}.{key}", depth + 1)
    elif isinstance(document, list):
        for number, value in enumerate(document):
            yield from _numbers(value, f"{path}[{number}]", depth + 1)
    elif isinstance(document, (int, float)):
        yield path, document


def validate_part(name: str, part: str, document: Any, path: str) -> None:
    """Check a part of a document against a definition of its schema.

    Parameters
    ----------
    path
        Where the part stands in the document.

    Raises
    ------
    InputError
        With the path of the first fault and the remedy.
    """
    check_document(_compiled(name, part), document, path)


def check_document(check: Check, document: Any, path: str) -> None:
    """Check a document, or a part of one.

    Parameters
    ----------
    check
        Of `compile_schema`.
    path
        Where the part stands in the document, or what the document is called.

    Raises
    ------
    InputError
        With the path of the first fault and the remedy.
    """
    try:
        check(document)
    except require("fastjsonschema").JsonSchemaValueException as error:
        raise InputError(_sentence(error), path=_path(path, error)) from error
    if _has_only_amounts(document):
        return
    for place, number in _numbers(document, path):
        if not abs(number) <= LARGEST:
            raise InputError(
                f"{_shown(number)} is not an amount that a cluster can have; correct it.",
                path=place,
            )


def _path(name: str, error: Any) -> str:
    steps = [
        f"[{step}]" if isinstance(step, int) or step.isdigit() else f".{step}"
        for step in error.path[1:]
    ]
    return name + "".join(steps)


def _sentence(error: Any) -> str:
    """Say what is wrong and what would be right, from the rule that was broken."""
    rule, wanted, value = error.rule, error.rule_definition, error.value
    if rule == "required" and isinstance(value, Mapping):
        missing = ", ".join(key for key in wanted if key not in value)
        return f"{_called(value)}lacks {missing}; add it."
    if rule == "additionalProperties":
        known = ", ".join((error.definition or {}).get("properties") or {})
        extra = ", ".join(
            sorted(set(value) - set((error.definition or {}).get("properties") or {}))
        )
        return f"{extra} is not known here; the keys are: {known}."
    if rule == "type":
        kinds = [wanted] if isinstance(wanted, str) else wanted
        return f"{_shown(value)} is not {' or '.join(KINDS[kind] for kind in kinds)}."
    if rule == "enum":
        return f"{_shown(value)} is not one of {', '.join(map(str, wanted))}."
    limits = {
        "minimum": "at least",
        "maximum": "at most",
        "exclusiveMinimum": "more than",
        "exclusiveMaximum": "less than",
    }
    if rule in limits:
        return f"{_shown(value)} must be {limits[rule]} {wanted}."
    if rule == "minItems":
        return (
            f"{_shown(value)} must have at least {wanted} {'entry' if wanted == 1 else 'entries'}."
        )
    return f"{_shown(value)} does not fit: {(error.definition or {}).get('description', error.message)}"


def _called(value: Mapping[str, Any]) -> str:
    return f"{value['name']} " if isinstance(value.get("name"), str) else "it "


def _shown(value: Any) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else text[:57] + "..."
