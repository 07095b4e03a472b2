# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts kept once and named by their numbers, for the part of a page that only its script reads."""

from __future__ import annotations

from collections.abc import Iterable

from ..visible import visible


class Words:
    """Gives every text a number; the same text has the same one."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        """Return the number of a text."""
        return self._numbers.setdefault(visible(text), len(self._numbers))

    def numbers(self, texts: Iterable[str]) -> list[int]:
        """Return the numbers of several."""
        return [self.number(text) for text in texts]

    @property
    def all(self) -> list[str]:
        """The texts in the order of their numbers."""
        return list(self._numbers)
