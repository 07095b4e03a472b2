# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A browser for all tests of pages, and the folder where they leave their pictures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.page.browser import Browser

PICTURES = Path(__file__).parents[1] / "output" / "page"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all."""
    with Browser.started() as started:
        yield started


@pytest.fixture(scope="session")
def pictures() -> Path:
    """The folder for pictures, to be looked at."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    return PICTURES
