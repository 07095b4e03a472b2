# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sound documents and texts with a few places changed into what nobody meant."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import strategies as st

STRANGE = (st.sampled_from(
    [
        None, True, False, 0, -1, 1, 10**16, -(10**16), 10**400, 0.5, -0.0, 1e308, float("inf"), float("nan"), "", "a",
        "\x1b[2J", "x\nPLAN OK", "\u202e", "\ud800", "../../etc", "$HOME", "a" * 5000, [], {}, [[]], [{}], {"": None},
        ["a", 1], "127.0.0.1", "2999-01-01T00:00:00+00:00", "2026-99-99",
    ]
) | st.text(max_size=8) | st.integers() | st.floats()).map(copy.deepcopy)  # fmt: skip
"""Values of JSON's types, and some more numbers."""


PIECES = st.sampled_from(["&a ", "*a", "[", "{", "!!set ", ": ", "\n", "<", "9" * 50, "2999-01-01"])
"""What texts are made of."""


def places(document: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the paths of everything in a document."""
    if isinstance(document, dict):
        entries = list(document.items())
    elif isinstance(document, list):
        entries = list(enumerate(document))
    else:
        return [path]
    return [path, *(place for key, value in entries for place in places(value, (*path, key)))]


@st.composite
def changed(draw: st.DrawFn, document: Any, most: int = 3) -> Any:
    """Return the document with values replaced, left out, added or doubled."""
    found = copy.deepcopy(document)
    for _time in range(draw(st.integers(1, most))):
        path = draw(st.sampled_from(places(found)))
        if not path:
            if draw(st.integers(0, 9)) == 0:
                return draw(STRANGE)
            continue
        _change(draw, found, path)
    return found


def _change(draw: st.DrawFn, document: Any, path: tuple[Any, ...]) -> None:
    holder = document
    for key in path[:-1]:
        holder = holder[key]
    deed = draw(st.sampled_from(["replace", "replace", "remove", "add", "double"]))
    if deed == "replace":
        holder[path[-1]] = draw(STRANGE)
    elif deed == "remove":
        del holder[path[-1]]
    elif isinstance(holder, dict):
        holder[draw(st.text(max_size=5))] = draw(STRANGE)
    else:
        holder.append(copy.deepcopy(holder[path[-1]]) if deed == "double" else draw(STRANGE))


@st.composite
def garbled(draw: st.DrawFn, text: str) -> str:
    """Return a text with pieces replaced, left out or repeated."""
    for _time in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 20)))
        piece = draw(st.text(max_size=6) | PIECES)
        text = text[:start] + piece * draw(st.integers(0, 3)) + text[end:]
    return text
