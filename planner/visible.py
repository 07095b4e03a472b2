# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text for terminals and logs.

Names are what anybody called a thing: they may move the cursor, hide text, turn it around or forge a line. Whatever is
shown passes here, and such characters are shown as their escapes.
"""

from __future__ import annotations

from collections.abc import Iterable


def visible(text: str) -> str:
    """Return one line of text with every character that is not printable escaped, such as ``\\x1b`` and ``\\n``."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def text_of(lines: Iterable[str]) -> str:
    """Return lines as a text in which nothing but their ends begins a line."""
    return "\n".join(map(visible, lines))
