# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which VMs or hosts a rule is about: names, or a jmespath expression over their facts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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
        A list of names; or a jmespath condition judged for each entry (``labels.tier == 'db'``), or a
        function call such as ``starts_with(name, 'web')``.
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
    for name in selector:
        if name not in known:
            raise InputError(
                f"there is no {noun} {name}; correct the name or remove it.", path=path
            )
    return tuple(sorted(set(selector)))


def _matching(expression: str, entries: Iterable[Mapping[str, Any]], path: str) -> tuple[str, ...]:
    jmespath = require("jmespath")
    try:
        compiled = jmespath.compile(expression)
        return tuple(sorted(entry["name"] for entry in entries if compiled.search(entry) is True))
    except jmespath.exceptions.JMESPathError as error:
        first = str(error).splitlines()[0]
        raise InputError(
            f"jmespath refuses the selector {expression!r}: {first}", path=path
        ) from error
