# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What hosts say of executions, findings and progress is shown line by line."""

from __future__ import annotations

from ansible_collections.drover.libvirt.plugins.plugin_utils._executions import Found, render
from ansible_collections.drover.libvirt.plugins.plugin_utils._preflight_matrix import (
    Asked,
    make_matrix,
)
from ansible_collections.drover.libvirt.plugins.plugin_utils._preflight_text import render_preflight
from ansible_collections.drover.libvirt.plugins.plugin_utils._progress_lines import ProgressLines

EVIL = "x\nPLAN OK\x1b[2J\u202e"


def is_shown(text: str, lines: int) -> bool:
    """Tell whether a text has so many lines of printable characters."""
    found = text.split("\n")
    return len(found) == lines and all(line.isprintable() for line in found)


def test_executions() -> None:
    """Owner and purpose are words of the person who started it."""
    lock = {"execution": "e", "coordinator": "kvm9", "owner": EVIL, "purpose": EVIL}
    held = {**lock, "since_s": 1.0, "holds_s": 120.0, "age_s": 2.0}
    assert is_shown(render(Found({"kvm1": {"executions": [], "lock": held}})), 1)


def test_progress() -> None:
    """Domains and reasons stand in the journal."""
    event = {"event": "stopping", "at": 1.0, "reason": EVIL, "running": []}
    assert is_shown(ProgressLines(1).line(event), 1)


def test_preflight() -> None:
    """Evidence quotes what was found."""
    subject = {"host": "kvm1", "peer": None, "domain": EVIL}
    words = {"evidence": EVIL, "remedy": EVIL, "subject": subject}
    check = {"id": "x", "severity": "block", "passed": False, **words}
    text = render_preflight(make_matrix({"kvm1": {"checks": [check], "domains": [EVIL]}}), Asked())
    assert all(line.isprintable() for line in text.split("\n"))
    assert "PLAN OK" not in [line.strip()[:7] for line in text.split("\n")]
