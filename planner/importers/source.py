# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A text with the name of its file, and complaints that point into it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..errors import InputError


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a file.

    Attributes
    ----------
    number
        Counted from 1.
    """

    file: str
    number: int
    text: str

    def fault(self, sentence: str) -> InputError:
        """Return an error that names this place."""
        return InputError(sentence, path=f"{self.file}, line {self.number}")

    def integer(self, text: str, what: str, least: int = 0) -> int:
        """Read a whole number.

        Raises
        ------
        InputError
            It is none, or below the least.
        """
        try:
            value = int(text.strip())
        except ValueError:
            raise self.fault(f"{what} is '{text.strip()}', which is not a whole number.") from None
        self._check_least(value, what, least)
        return value

    def number_of(self, text: str, what: str, least: float = 0.0) -> float:
        """Read a number.

        Raises
        ------
        InputError
            It is none, is not finite, or is below the least.
        """
        try:
            value = float(text.strip())
        except ValueError:
            value = float("nan")
        if value - value != 0:  # not a number, or infinite
            raise self.fault(f"{what} is '{text.strip()}', which is not a number.")
        self._check_least(value, what, least)
        return value

    def _check_least(self, value: float, what: str, least: float) -> None:
        if value < least:
            raise self.fault(f"{what} is {value}, but must be at least {least}.")


@dataclass(frozen=True, slots=True)
class Source:
    """A whole file."""

    file: str
    text: str

    def lines(self) -> Iterator[Line]:
        """Return its lines without their ends."""
        for number, text in enumerate(self.text.splitlines(), start=1):
            yield Line(self.file, number, text)

    def line_at(self, offset: int) -> Line:
        """Return the line in which a character stands."""
        number = self.text.count("\n", 0, offset) + 1
        rows = self.text.splitlines()
        return Line(self.file, number, rows[number - 1] if number <= len(rows) else "")
