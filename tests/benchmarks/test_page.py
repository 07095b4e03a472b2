# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How large the page of 200 hosts and 2000 migrations is, and how long it takes to write and to open."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.page.browser import Browser
from tests.page.pages import large_page

pytestmark = pytest.mark.page


def test_page(tmp_path: Path) -> None:
    """Print the figures; of five times to open it, the middle one."""
    began = time.monotonic()
    text = large_page()
    made_s = time.monotonic() - began
    path = tmp_path / "large.html"
    path.write_text(text, encoding="utf-8")
    with Browser.started() as browser:
        browser.show(1280, 900)
        browser.open(path)
        opened = sorted(browser.open(path) for _try in range(5))
    print(
        f"\npage of 200 hosts, 2000 migrations: {len(text.encode()) / 1e6:.2f} MB, made in {made_s:.2f} s, ",
        end="",
    )
    print(f"open in {opened[2]:.2f} s ({opened[0]:.2f} to {opened[-1]:.2f})")
