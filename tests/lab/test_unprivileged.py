# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What works for a user of the group libvirt who is not root, and what is told where it does not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.lab import Lab
from tests.lab.layout import SHARED
from tests.lab.playbook import run_playbook
from tests.lab.unprivileged import AS_USER, USER, admit_user, give_state_directory

pytestmark = pytest.mark.lab

EVACUATE = ("drover.libvirt.evacuate", *AS_USER, "-e", "drover_hosts=kvm2")
STATE = Path("/var/lib/drover")


@pytest.fixture
def shared(lab: Lab) -> Iterator[Lab]:
    """The lab, in which the user may use libvirt and nothing else is his."""
    admit_user(lab)
    _remove_state(lab)
    lab.start_guest("vm1", "kvm2", autostart=True)
    yield lab
    _remove_state(lab)


def _remove_state(lab: Lab) -> None:
    lab.hosts["kvm1"].run(["rm", "-f", str(SHARED / ".drover-storage-id")])
    for host in lab.hosts.values():
        host.run(["rm", "-rf", str(STATE)])


def test_what_only_reads_needs_no_root(shared: Lab) -> None:
    """Facts and the preflight are complete; storage that he cannot mark is a warning."""
    preflight = run_playbook(shared, "drover.libvirt.preflight", *AS_USER)
    assert preflight.code == 0, preflight.output
    assert "has no usable marker: it cannot be written" in preflight.output


def test_without_a_directory_for_its_journals_nothing_moves(shared: Lab) -> None:
    """The sentence names the user, the directory and both ways out."""
    refused = run_playbook(shared, *EVACUATE)
    assert refused.code != 0
    for words in (f"The user {USER} cannot use {STATE}", "Let Ansible become root, or give"):
        assert words in refused.sentence, refused.output
    assert [place.host for place in shared.where("vm1")] == ["kvm2"]


def test_with_that_directory_he_evacuates(shared: Lab) -> None:
    """Lock, marks, journal, migration, port proof and handover: none of it needs root."""
    give_state_directory(shared)
    moved = run_playbook(shared, *EVACUATE)
    assert moved.code == 0, moved.output
    [place] = shared.where("vm1")
    assert place.host != "kvm2"
    assert (place.state, place.autostart) == ("running", True)
    shared.check_ran_once("vm1")


def test_what_root_has_left_is_not_read_as_nothing(shared: Lab) -> None:
    """Executions that he may not read stop him: one of them may be running."""
    for host in shared.hosts.values():
        host.run(["install", "-d", "-m", "700", str(STATE / "executions")])
    refused = run_playbook(shared, *EVACUATE)
    assert refused.code != 0
    assert f"The user {USER} cannot use {STATE / 'executions'}" in refused.sentence, refused.output
