# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages read as a browser reads them, and more strictly: every element that is opened is closed, in order."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

VOID = {"meta", "input"}


@dataclass
class Element:
    """An element with its attributes, and its texts and elements in order."""

    tag: str
    attributes: dict[str, str]
    inside: list[Element | str] = field(default_factory=list)

    def walk(self) -> Iterator[Element]:
        """Return this element and all below it."""
        yield self
        for child in self.inside:
            if isinstance(child, Element):
                yield from child.walk()

    def all(self, tag: str) -> list[Element]:
        """Return the elements of a kind."""
        return [element for element in self.walk() if element.tag == tag]

    def one(self, name: str) -> Element:
        """Return the one element with an id."""
        [found] = [element for element in self.walk() if element.attributes.get("id") == name]
        return found

    @property
    def text(self) -> str:
        """All text, blanks joined."""
        return " ".join(self.raw.split())

    @property
    def raw(self) -> str:
        """All text as it stands."""
        return "".join(child if isinstance(child, str) else child.raw for child in self.inside)

    def rows(self) -> list[list[str]]:
        """Return the texts of the cells of a table's body."""
        [body] = self.all("tbody")
        return [
            [cell.text for cell in row.inside if isinstance(cell, Element)]
            for row in body.all("tr")
        ]


class _Reader(HTMLParser):
    """Builds the tree."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open = [Element("", {})]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open an element."""
        names = [name for name, _value in attrs]
        assert len(names) == len(set(names)), (tag, attrs)
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].inside.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take an element of SVG that closes itself."""
        self.open[-1].inside.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        """Close the element that was opened last, and no other."""
        assert self.open.pop().tag == tag, tag

    def handle_data(self, data: str) -> None:
        """Take text."""
        self.open[-1].inside.append(data)


def parsed(page: str) -> Element:
    """Return the page as a tree."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    assert len(reader.open) == 1, reader.open[-1].tag
    return reader.open[0]


def island_of(page: Element) -> Any:
    """Return what only the script of the page reads."""
    return json.loads(page.one("island").raw)
