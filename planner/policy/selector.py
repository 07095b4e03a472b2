# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which VMs or hosts a rule is about: names, or a jmespath expression over their facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from ..errors import InputError
from ..libraries import require


def select(
    selector: str | Sequence[str], entries: Iterable[Mapping[str, Any]], *, path: str, noun: str
) -> tuple[str, ...]:
    """Return the names that a selector chooses, in the order of names.

    Parameters
    ----------
    selector
        A list of names, or of patterns such as ``web*``, which may match nothing; or a jmespath condition judged for
        each entry (``labels.tier == 'db'``), or a function call such as ``starts_with(name, 'web')``.
    entries
        The facts of the VMs or hosts.

    Raises
    ------
    InputError
        An unknown name in a list, or an expression that jmespath refuses.
    """
    if isinstance(selector, str):
        return _matching(selector, entries, path)
    known = {entry["name"] for entry in entries}
    chosen: set[str] = set()
    for name in selector:
        if name not in known and not _is_pattern(name):
            raise InputError(
                f"there is no {noun} {name}; correct the name or remove it.", path=path
            )
        chosen.update({name} if name in known else (k for k in known if fnmatchcase(k, name)))
    return tuple(sorted(chosen))


def _is_pattern(name: str) -> bool:
    return "*" in name or "?" in name


def fields(expression: str) -> frozenset[str] | None:
    """Return the names of all facts that a condition looks at; ``None`` where it may look at any."""
    jmespath = require("jmespath")
    nodes, names = [jmespath.compile(expression).parsed], set()
    while nodes:
        node = nodes.pop()
        if node["type"] == "current" or node["type"].endswith("projection"):
            return None
        if node["type"] == "field":
            names.add(node["value"])
        nodes += [child for child in node.get("children", []) if isinstance(child, dict)]
    return frozenset(names)


LONGEST = 2000
"""How many characters a condition may have."""

# jmespath has more; with these, and lists of plain values, no result is larger than what it was made from, so that a
# condition takes no more time than its length and the facts allow.
FUNCTIONS = (
    "abs", "avg", "ceil", "contains", "ends_with", "floor", "keys", "length", "max", "min", "not_null", "reverse",
    "sort", "starts_with", "sum", "to_number", "type", "values",
)  # fmt: skip
PLAIN = ("field", "literal", "subexpression")


def _matching(expression: str, entries: Iterable[Mapping[str, Any]], path: str) -> tuple[str, ...]:
    jmespath = require("jmespath")
    if len(expression) > LONGEST:
        raise InputError(
            f"the selector is longer than {LONGEST} characters; shorten it.", path=path
        )
    try:
        compiled = jmespath.compile(expression)
        _refuse_growth(compiled.parsed, path)
        return tuple(sorted(entry["name"] for entry in entries if compiled.search(entry) is True))
    except (
        jmespath.exceptions.JMESPathError, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError,
        ValueError,
    ) as error:  # fmt: skip
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise InputError(
            f"jmespath refuses the selector {expression[:200]!r}: {first}", path=path
        ) from error


def _refuse_growth(node: Any, path: str) -> None:
    """Refuse what can make results that double with each of its parts."""
    kind, children = node["type"], node.get("children", [])
    if kind == "function_expression" and node["value"] not in FUNCTIONS:
        raise InputError(
            f"a selector may not use {node['value']}; the functions are {', '.join(FUNCTIONS)}.",
            path=path,
        )
    if kind in ("multi_select_list", "multi_select_dict") and not all(map(_is_plain, children)):
        raise InputError(
            "a selector may list only names of facts and values, such as [name, 'web'].", path=path
        )
    for child in children:
        if isinstance(child, dict):
            _refuse_growth(child, path)


def _is_plain(node: Any) -> bool:
    return node["type"] in PLAIN and all(map(_is_plain, node.get("children", [])))
