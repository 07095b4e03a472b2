# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of a migration and what they change, on real libvirt and QEMU."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.lab import certificates
from tests.lab.lab import Lab
from tests.lab.layout import GUEST
from tests.lab.moving import move, stays
from tests.lab.playbook import run_playbook
from tests.lab.wire import Wire

pytestmark = pytest.mark.lab


def _playbook(lab: Lab, **options: object) -> tuple[str, ...]:
    wanted = {"drover_vm": "vm1", "drover_destination": "kvm2", "drover_migration": options}
    return ("drover.libvirt.migrate", "-e", json.dumps(wanted))


def test_options_reach_a_migration_through_the_playbook(lab: Lab) -> None:
    """drover_migration limits the bandwidth of the copy that a playbook makes."""
    lab.start_guest("vm1", "kvm1", fill_mib=48)
    run = run_playbook(lab, *_playbook(lab, bandwidth_mib_s=8))
    assert run.code == 0, run.output
    ended = lab.hosts["kvm1"].run(
        ["sh", "-c", "grep -h migration_ended /var/lib/drover/executions/*/journal.jsonl"]
    )
    outcome = json.loads(ended.stdout.splitlines()[-1])
    assert outcome["outcome"] == "moved"
    assert outcome["memory_processed_mib"] / outcome["phases"]["transfer_s"] < 10
    assert stays(lab, "vm1") == ("kvm1", "kvm2")


def test_a_wrong_option_stops_the_playbook_before_anything(lab: Lab) -> None:
    """One sentence names it; no host was asked anything."""
    lab.start_guest("vm1", "kvm1")
    run = run_playbook(lab, *_playbook(lab, bandwith_mib_s=8))
    assert run.code != 0
    assert "no option bandwith_mib_s; did you mean bandwidth_mib_s?" in run.sentence
    assert "kvm1" not in run.output
    assert stays(lab, "vm1") == ("kvm1",)


# -- encryption -----------------------------------------------------------------------------------

#: The kernel's command line is in the guest's memory as it stands here.
_IN_MEMORY = b"beat=5 fill=31"


@pytest.fixture
def certified(lab: Lab) -> Iterator[Lab]:
    """The lab with certificates for migrations on all hosts."""
    certificates.install(lab.hosts.values())
    yield lab
    certificates.remove(lab.hosts.values())


def _overheard(lab: Lab, source: str, destination: str, **options: Any) -> list[bytes]:
    """Migrate vm1 and return what went over the migration network to the destination, by stream."""
    with Wire(lab.hosts[destination]) as wire:
        result = move(lab, "vm1", source, destination, bandwidth_mib_s=30, **options)
    assert result.outcome == "moved", result.reason
    return [stream for stream in wire.streams() if len(stream) > 1 << 20]


def test_tls_hides_the_memory_on_its_way(certified: Lab) -> None:
    """Who listens reads the guest's memory without TLS, and not with it."""
    certified.start_guest("vm1", "kvm1", fill_mib=31)
    [plain] = _overheard(certified, "kvm1", "kvm2")
    assert _IN_MEMORY in plain
    [encrypted] = _overheard(certified, "kvm2", "kvm1", tls=True)
    assert _IN_MEMORY not in encrypted
    assert len(encrypted) > 30 << 20
    assert stays(certified, "vm1") == ("kvm1", "kvm2", "kvm1")


def test_parallel_connections_share_the_copy(certified: Lab) -> None:
    """The memory goes over as many connections as asked for, encrypted or not."""
    certified.start_guest("vm1", "kvm1", fill_mib=31)
    plain = _overheard(certified, "kvm1", "kvm2", parallel_connections=3)
    assert len(plain) == 3
    assert any(_IN_MEMORY in stream for stream in plain)
    encrypted = _overheard(certified, "kvm2", "kvm1", parallel_connections=3, tls=True)
    assert len(encrypted) == 3
    assert not any(_IN_MEMORY in stream for stream in encrypted)
    assert stays(certified, "vm1") == ("kvm1", "kvm2", "kvm1")


def _refused(lab: Lab) -> None:
    """Try to migrate vm1 with TLS in vain.

    When the connection between the daemons closes first, libvirt 9 loses the true error.
    """
    result = move(lab, "vm1", tls=True)
    assert result.outcome == "not_moved"
    assert result.error_code in ("tls_credentials", "qemu_died", "daemon_lost"), result.reason
    assert "certificates" in result.remedy
    assert stays(lab, "vm1") == ("kvm1",)


def test_tls_is_refused_where_a_host_has_no_certificate(certified: Lab) -> None:
    """Whichever host lacks it, the VM stays, and the remedy says what to install where."""
    certified.start_guest("vm1", "kvm1")
    for host in ("kvm1", "kvm2"):
        certificates.remove([certified.hosts[host]])
        _refused(certified)
        certificates.install(certified.hosts.values())
    assert move(certified, "vm1", tls=True).outcome == "moved"


def test_tls_is_refused_where_the_hosts_do_not_trust_each_other(certified: Lab) -> None:
    """A certificate of another authority is refused."""
    certified.start_guest("vm1", "kvm1")
    certificates.install([certified.hosts["kvm2"]], authority="somebody else")
    _refused(certified)


# -- compression ----------------------------------------------------------------------------------


def test_mt_compresses_every_page(lab: Lab) -> None:
    """Pages that hold one number and zeros shrink to a fraction."""
    lab.start_guest("vm1", "kvm1", fill_mib=48)
    plain = move(lab, "vm1")
    compressed = move(lab, "vm1", "kvm2", "kvm1", compression="mt")
    assert plain.outcome == compressed.outcome == "moved", compressed.reason
    assert (plain.memory_processed_mib or 0) > 48
    assert (compressed.memory_processed_mib or 0) < 16
    assert stays(lab, "vm1") == ("kvm1", "kvm2", "kvm1")


def test_xbzrle_sends_what_changed_in_a_page(lab: Lab) -> None:
    """A VM that rewrites words of its pages at twice the bandwidth of the copy converges."""
    lab.start_guest("vm1", "kvm1", memory_mib=128, dirty_mib_s=40, working_set_mib=32)
    result = move(lab, "vm1", bandwidth_mib_s=20, auto_converge=False, compression="xbzrle")
    assert result.outcome == "moved", result.reason
    assert stays(lab, "vm1") == ("kvm1", "kvm2")


# -- announcements --------------------------------------------------------------------------------

_RARP = b"\x80\x35"


def _announcements(lab: Lab, source: str, destination: str, **options: Any) -> int:
    """Migrate vm1; return how often it was announced to the guest network in the seconds after."""
    with Wire(lab.hosts[destination], GUEST) as wire:
        result = move(lab, "vm1", source, destination, **options)
        assert (result.outcome, result.warnings) == ("moved", ())
        time.sleep(3.0)
    return sum(frame[12:14] == _RARP for frame in wire.frames)


def test_announces_a_vm_for_longer(lab: Lab) -> None:
    """QEMU announces it five times by itself, and more often when asked to."""
    lab.start_guest("vm1", "kvm1", bridge="br0")
    assert _announcements(lab, "kvm1", "kvm2") == 5
    assert _announcements(lab, "kvm2", "kvm1", announce=True) > 5
    messages = lab.hosts["kvm1"].connection().lookupByName("vm1").messages(0)
    assert any("custom monitor" in message for message in messages)
    assert move(lab, "vm1").outcome == "moved"
    messages = lab.hosts["kvm2"].connection().lookupByName("vm1").messages(0)
    assert not any("custom monitor" in message for message in messages)
