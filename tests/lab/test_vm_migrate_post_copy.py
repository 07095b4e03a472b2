# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Post-copy that breaks and is resumed, on real libvirt and QEMU."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import libvirt
import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._migration.migrate import reconcile

from tests.lab import faults
from tests.lab.domains import Place
from tests.lab.host import Host
from tests.lab.lab import Lab
from tests.lab.layout import INTERFACES, MIGRATION
from tests.lab.moving import (
    Moving,
    move,
    put_in_order,
    request,
    stays,
    wait_until,
)

pytestmark = pytest.mark.lab


def _in_post_copy(lab: Lab, **options: Any) -> Moving:
    """Bring a migration into post-copy with most of the memory still on the source."""
    lab.start_guest("vm1", "kvm1", memory_mib=128, fill_mib=96, autostart=True)
    faults.limit_bandwidth(lab.hosts["kvm2"], 24)
    moving = Moving(lab, "vm1", options={"post_copy": "on_stall", **options})
    moving.wait_copying()
    moving.domain("kvm1").migrateStartPostCopy()
    wait_until(lambda: _reason(moving, "kvm2") == libvirt.VIR_DOMAIN_RUNNING_POSTCOPY, 30.0)
    return moving


def _reason(moving: Moving, host: str) -> int:
    return int(moving.domain(host).state()[1])


def _broken(moving: Moving) -> None:
    """Make both QEMUs give up their connection, as a broken link does after half a minute."""
    moving.domain("kvm1").abortJobFlags(libvirt.VIR_DOMAIN_ABORT_JOB_POSTCOPY)
    result = moving.result()
    assert (result.outcome, result.error_code) == ("unknown", "post_copy_broken"), result.reason
    assert "reconcile" in result.remedy


@contextmanager
def _interface_down(host: Host) -> Iterator[None]:
    """Take a host off the migration network, which it knows at once, unlike a cut link."""
    interface = INTERFACES[MIGRATION]
    host.run(["ip", "link", "set", interface, "down"])
    yield
    host.run(["ip", "link", "set", interface, "up"])


@pytest.mark.parametrize("resume", [put_in_order, move], ids=["reconcile", "migrate"])
def test_broken_post_copy_goes_on(lab: Lab, resume: Any) -> None:
    """The VM gets the rest of its memory and is defined once, with its autostart."""
    moving = _in_post_copy(lab, settle_timeout_s=3.0)
    _broken(moving)
    faults.unlimit_bandwidth(lab.hosts["kvm2"])
    look = put_in_order(lab, "vm1", look=True)
    assert look.actions == ("Would resume the post-copy migration.",)
    result = resume(lab, "vm1")
    assert (result.outcome, result.changed) == ("already_there", True), result.reason
    assert lab.where("vm1") == [Place("kvm2", "running", persistent=True, autostart=True)]
    assert stays(lab, "vm1") == ("kvm1", "kvm2")
    assert not put_in_order(lab, "vm1").changed


def test_post_copy_that_goes_on_is_waited_for(lab: Lab) -> None:
    """Who reconciles a VM in the middle of a healthy post-copy changes nothing and sees its end."""
    moving = _in_post_copy(lab)
    faults.unlimit_bandwidth(lab.hosts["kvm2"])
    result = put_in_order(lab, "vm1")
    assert (result.outcome, result.actions) == ("already_there", ()), result
    assert moving.result().outcome == "moved"
    assert stays(lab, "vm1") == ("kvm1", "kvm2")


def test_post_copy_waits_for_the_link(lab: Lab) -> None:
    """While the link is down nothing is stopped and nothing lost; once it is up the VM goes on."""
    moving = _in_post_copy(lab, settle_timeout_s=3.0)
    _broken(moving)
    with _interface_down(lab.hosts["kvm1"]):
        impatient = request(
            lab, "vm1", "kvm1", "kvm2", no_progress_timeout_s=3.0, settle_timeout_s=1.0
        )
        failed = reconcile(impatient)
        assert failed.error_code == "post_copy_broken", failed
        assert {(p.host, p.state) for p in lab.where("vm1")} == {
            ("kvm1", "paused"),
            ("kvm2", "running"),
        }
    faults.unlimit_bandwidth(lab.hosts["kvm2"])
    assert put_in_order(lab, "vm1").outcome == "already_there"
    assert stays(lab, "vm1") == ("kvm1", "kvm2")


def test_half_noticed_break_is_mended(lab: Lab) -> None:
    """Where libvirt still waits for a connection that carries nothing, it is made to let it go."""
    # the monitor does not know that it is post-copy, which somebody else began, and tries to cancel
    patience = {"no_progress_timeout_s": 4.0, "abort_timeout_s": 1.0, "settle_timeout_s": 1.0}
    moving = _in_post_copy(lab, **patience)
    with faults.link_cut(lab.hosts["kvm2"], MIGRATION):
        assert moving.result().error_code == "post_copy_broken"
        # as libvirt's own keepalive would, half a minute later, on one side only
        moving.domain("kvm1").abortJobFlags(libvirt.VIR_DOMAIN_ABORT_JOB_POSTCOPY)
    faults.unlimit_bandwidth(lab.hosts["kvm2"])
    result = put_in_order(lab, "vm1")
    assert (result.outcome, result.error_code) == ("already_there", ""), result.reason
    assert stays(lab, "vm1") == ("kvm1", "kvm2")
