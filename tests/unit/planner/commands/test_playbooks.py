# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbooks as the command and the headlines call them."""

from __future__ import annotations

from typing import Any

import pytest

from planner.commands.playbooks import PLAYBOOKS, Variable, headline


@pytest.mark.parametrize(
    ("stem", "variables", "words"),
    [
        ("evacuate", {"drover_hosts": "kvm1,kvm2"}, "Empty kvm1, kvm2 for maintenance"),
        ("evacuate", {"drover_hosts": ["kvm1", "kvm2"]}, "Empty kvm1, kvm2 for maintenance"),
        ("evacuate", {}, "Empty hosts for maintenance"),
        ("migrate", {"drover_vm": "web", "drover_destination": "kvm2"}, "Move web to kvm2"),
        ("migrate", {"drover_vm": "web"}, "Move web to a host"),
        ("abort", {"drover_vm": " web , db"}, "Abort the migration of web, db"),
        ("power", {"drover_hosts": "kvm1", "drover_power_state": True}, "Switch kvm1 on"),
        ("power", {"drover_hosts": "kvm1"}, "Switch kvm1"),
        ("rolling_maintenance", {"drover_hosts": "kvm1"}, "Maintain kvm1, batch by batch"),
        ("rolling", {"drover_hosts": "kvm1"}, ""),
        ("site", {}, ""),
    ],
)
def test_headlines(stem: str, variables: dict[str, Any], words: str) -> None:
    """What is asked for, with what is known of it; a playbook of somebody else has none."""
    assert headline(stem, variables) == words


def test_every_playbook_has_a_headline_and_options_once() -> None:
    """No option hides another one."""
    for name, playbook in PLAYBOOKS.items():
        assert headline(playbook.stem, {}), name
        flags = [variable.flag for variable in playbook.options]
        assert len(flags) == len(set(flags)), name
        assert playbook.needs <= len(playbook.takes), name


def test_how_variables_are_called() -> None:
    """Playbooks read them with underscores and a prefix; the command line has dashes."""
    variable = Variable("planning_time_limit", "seconds")
    assert (variable.variable, variable.flag) == (
        "drover_planning_time_limit",
        "--planning-time-limit",
    )
    assert Variable("return", "x", option="stay").flag == "--stay"
