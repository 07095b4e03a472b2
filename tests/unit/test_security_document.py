# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What SECURITY.md names is there."""

from __future__ import annotations

import re
from pathlib import Path

from ansible_collections.drover.libvirt.plugins.plugin_utils._operator_variables import (
    known_variables,
)

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "SECURITY.md").read_text()


def test_every_variable_exists() -> None:
    """A variable that was renamed would be one that nobody guards."""
    assert set(re.findall(r"\bdrover_[a-z_]+", TEXT)) <= known_variables(ROOT)


def test_every_target_of_make_exists() -> None:
    """So that the reader can do what he is told."""
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"`make ([a-z-]+)`", TEXT):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)
