# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures of a terminal show what stood there."""

from __future__ import annotations

import os
import sys
import xml.etree.ElementTree as ET

from scripts.terminal import fullest_screen, last_screen, record, svg

BAR = "━"
ERASED = "\r\x1b[2K"
PARTS = tuple(
    part.encode()
    for part in (
        "the plan\r\n",
        f"web1 {BAR}{BAR}\r\ndb1 {BAR}",
        f"{ERASED}\x1b[1A{ERASED}",
        "\x1b[32mdone\x1b[0m\r\n",
    )
)


def plain(lines: list[object]) -> list[str]:
    """Return lines without their colours."""
    return [line.plain for line in lines]  # type: ignore[attr-defined]


def test_the_end_has_nothing_that_was_erased() -> None:
    """Bars make way for what came of them."""
    assert plain(last_screen(PARTS)) == ["the plan", "done"]


def test_the_fullest_moment_has_all_bars() -> None:
    """It is the one to be shown."""
    assert plain(fullest_screen(PARTS, BAR)) == ["the plan", f"web1 {BAR}{BAR}", f"db1 {BAR}"]


def test_a_picture_is_an_svg_that_asks_nobody() -> None:
    """No font from the network, also where the page is opened without one."""
    picture = svg(last_screen(PARTS), "drover run evacuate kvm2")
    assert ET.fromstring(picture).tag == "{http://www.w3.org/2000/svg}svg"
    assert "url(http" not in picture.replace("url(#", "")
    assert "drover&#160;run" in picture or "drover run" in picture
    assert ">done</text>" in picture


def test_a_program_is_recorded_at_a_terminal() -> None:
    """It sees one, of the width of the picture, and its exit code comes back."""
    asks = "import os, sys; print(sys.stdout.isatty(), os.get_terminal_size().columns); sys.exit(3)"
    seen = record([sys.executable, "-c", asks], os.environ, "/")
    assert seen.code == 3
    assert plain(last_screen(seen.parts)) == ["True 112"]
