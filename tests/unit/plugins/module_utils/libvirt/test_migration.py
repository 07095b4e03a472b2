# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What libvirt is asked to do for a migration: its flags and its parameters, and the call itself."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._facts.end_state import EndState
from ansible_collections.drover.libvirt.plugins.module_utils._libvirt import migration
from ansible_collections.drover.libvirt.plugins.module_utils._request.options import (
    MigrationOptions,
)
from ansible_collections.drover.libvirt.plugins.module_utils._request.request import (
    MigrationRequest,
)

libvirt = pytest.importorskip("libvirt")

RUNS = EndState(state="running", persistent=True)
PAUSED = EndState(state="paused", reason="user", persistent=True)
TRANSIENT = EndState(state="running")


def request(address: str | None = None, **options: Any) -> MigrationRequest:
    """Return a request with these options."""
    asked = MigrationOptions(**options)
    return MigrationRequest("vm1", "h1", "h2", migration_address=address, options=asked)


def names(flags: int) -> set[str]:
    """Return the names of flags."""
    prefix = "VIR_MIGRATE_"
    return {
        name[len(prefix) :].lower()
        for name, value in vars(libvirt).items()
        if name.startswith(prefix) and isinstance(value, int) and flags & value
    }


ALWAYS = {"live", "peer2peer", "abort_on_error"}


@pytest.mark.parametrize(
    ("before", "options", "more"),
    [
        (RUNS, {}, {"persist_dest", "undefine_source", "paused", "auto_converge"}),
        (TRANSIENT, {}, {"paused", "auto_converge"}),
        (PAUSED, {}, {"persist_dest", "undefine_source", "auto_converge"}),
        (TRANSIENT, {"handover": "libvirt", "auto_converge": False}, set()),
        (TRANSIENT, {"post_copy": "on_stall", "auto_converge": False}, {"postcopy"}),
        (
            TRANSIENT,
            {"handover": "libvirt", "auto_converge": False, "parallel_connections": 4},
            {"parallel"},
        ),
        (
            TRANSIENT,
            {"handover": "libvirt", "auto_converge": False, "compression": "xbzrle", "tls": True},
            {"compressed", "tls"},
        ),
        (TRANSIENT, {"handover": "libvirt", "auto_converge": False, "unsafe": True}, {"unsafe"}),
    ],
)
def test_each_option_is_one_flag(before: EndState, options: dict[str, Any], more: set[str]) -> None:
    """A VM that waits for us to resume it is the only one that arrives paused by a flag."""
    assert names(migration.migration_flags(request(**options), before)) == ALWAYS | more


@pytest.mark.parametrize(("copy", "flag"), [("all", "non_shared_disk"), ("inc", "non_shared_inc")])
def test_disks_are_copied_only_by_name(copy: str, flag: str) -> None:
    """Without names libvirt would copy all, shared ones onto themselves."""
    asked = request(copy_storage=copy)
    assert flag in names(migration.migration_flags(asked, RUNS, ["vda"]))
    assert flag not in names(migration.migration_flags(asked, RUNS, []))
    named = migration.migration_parameters(asked, ["vda"])
    assert named[libvirt.VIR_MIGRATE_PARAM_MIGRATE_DISKS] == ["vda"]


def test_nothing_is_said_of_what_is_left_to_libvirt() -> None:
    """It takes the destination's host name and the network's speed."""
    assert migration.migration_parameters(request()) == {}


def test_what_was_asked_is_said() -> None:
    """The way, the limit, the streams, the compression."""
    said = migration.migration_parameters(
        request("10.0.0.2", bandwidth_mib_s=100, parallel_connections=2)
    )
    assert said == {
        libvirt.VIR_MIGRATE_PARAM_URI: "tcp://10.0.0.2",
        libvirt.VIR_MIGRATE_PARAM_BANDWIDTH: 100,
        libvirt.VIR_MIGRATE_PARAM_PARALLEL_CONNECTIONS: 2,
    }
    said = migration.migration_parameters(request(compression="xbzrle"))
    assert said == {libvirt.VIR_MIGRATE_PARAM_COMPRESSION: ["xbzrle"]}


@pytest.mark.parametrize(
    ("address", "uri"),
    [
        (None, None),
        ("", None),
        ("kvm2", "tcp://kvm2"),
        ("fd00::2", "tcp://[fd00::2]"),
        ("rdma://kvm2", "rdma://kvm2"),
    ],
)
def test_an_address_becomes_a_uri(address: str | None, uri: str | None) -> None:
    """An IPv6 address gets its brackets."""
    assert migration.migration_uri(address) == uri


def test_a_broken_post_copy_is_resumed_as_it_was_begun() -> None:
    """With the definition, where the VM had one."""
    asked = request(post_copy="on_stall", tls=True)
    resumed = {"live", "peer2peer", "postcopy", "postcopy_resume", "tls"}
    assert names(migration.post_copy_resume_flags(asked, False)) == resumed
    assert names(migration.post_copy_resume_flags(asked, True)) == resumed | {
        "persist_dest",
        "undefine_source",
    }


def test_a_call_that_libvirt_refuses_returns_with_its_words(vm: Any) -> None:
    """Asked of the test driver, which has no migration of this kind."""
    job = migration.MigrationJob(vm, "test:///default", {}, libvirt.VIR_MIGRATE_PEER2PEER)
    job.start()
    assert job.wait(20.0)
    assert job.error is not None
    assert job.error.message


def test_a_host_that_does_not_know_the_vm_receives_nothing(host: Any) -> None:
    """Nor does one whose VM has no job."""
    assert not migration.is_receiving(host, "vm9")
