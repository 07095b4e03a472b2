# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the documentation takes from the code is found there."""

from __future__ import annotations

import pytest

from scripts.reference import collected_error_codes, pages


def test_error_codes_come_with_their_remedies() -> None:
    """Of errors that are raised, of complaints of libvirt, and of what is written into a result."""
    known = collected_error_codes()
    assert "Wait until it has ended, then run this again." in known["cluster_locked"].remedies
    assert known["cluster_locked"].meaning == "The cluster is locked for another execution."
    assert (
        "Mount the VM's storage on the destination, at the same path."
        in known["storage_missing"].remedies
    )
    assert {"timeout", "cancelled", "no_progress", "post_copy_broken"} <= set(known)
    assert "error" not in known


def test_what_is_filled_in_is_shown_as_dots() -> None:
    """A remedy with a placeholder would be one that nobody can follow."""
    remedies = [remedy for found in collected_error_codes().values() for remedy in found.remedies]
    assert any("…" in remedy for remedy in remedies)
    assert not any("{" in remedy for remedy in remedies)


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("playbooks.md", "| `--at-once NUMBER` | `drover_at_once` |"),
        ("commands.md", "usage: drover plan"),
        ("exit_codes.md", "| 3 | there is no plan under the policy"),
        ("policy_schema.md", "| `headroom.memory` | number | Of memory (default 0.05). |"),
        ("facts_schema.md", "| `hosts` | array, needed |"),
    ],
)
def test_a_page_has_what_the_code_says(page: str, text: str) -> None:
    """One line of each kind."""
    assert text in pages()[page]
