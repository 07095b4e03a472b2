# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options, readings, complaints, addresses: the small values around a migration."""

from __future__ import annotations

import threading

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._errors import PrerequisiteFailed
from ansible_collections.drover.libvirt.plugins.module_utils._libvirt.migration import migration_uri
from ansible_collections.drover.libvirt.plugins.module_utils._live.complaints import understand
from ansible_collections.drover.libvirt.plugins.module_utils._live.progress import read_progress
from ansible_collections.drover.libvirt.plugins.module_utils._patience import NoAnswer, bounded
from ansible_collections.drover.libvirt.plugins.module_utils._prerequisites.check import (
    refuse_failed,
)
from ansible_collections.drover.libvirt.plugins.module_utils._prerequisites.finding import (
    blocks,
    holds,
    warns,
)
from ansible_collections.drover.libvirt.plugins.module_utils._request.argspec import (
    InvalidOption,
    migration_argument_spec,
    read_options,
)
from ansible_collections.drover.libvirt.plugins.module_utils._request.options import (
    MigrationOptions,
)


@pytest.mark.parametrize(
    "wrong",
    [
        {"mode": "teleport"},
        {"handover": "nobody"},
        {"max_downtime_ms": 0},
        {"downtime_steps": 0},
        {"stall_margin": 1.0},
        {"bandwidth_mib_s": 0},
        {"parallel_connections": 0},
        {"compression": "zip"},
        {"compression": "xbzrle", "parallel_connections": 2},
        {"compression": "mt", "post_copy": "on_stall"},
    ],
    ids=str,
)
def test_options_refuse_nonsense(wrong: dict[str, object]) -> None:
    """A value outside its range is refused by name."""
    with pytest.raises(ValueError, match=next(iter(wrong))):
        MigrationOptions(**wrong)  # type: ignore[arg-type]


def test_module_options_have_the_same_defaults() -> None:
    """What a module passes on unchanged is what the options say themselves."""
    given = {name: option.get("default") for name, option in migration_argument_spec().items()}
    assert read_options(given) == MigrationOptions()


def test_module_options_outside_their_range_are_one_sentence() -> None:
    """A wrong value ends in an error with a name, not in a traceback."""
    with pytest.raises(InvalidOption, match="max_downtime_ms must be positive"):
        read_options({"max_downtime_ms": 0})


def test_readings_have_units() -> None:
    """libvirt's bytes and pages per second become MiB and MiB/s."""
    reading = read_progress(
        {
            "memory_total": 64 << 20,
            "memory_remaining": 16 << 20,
            "memory_bps": 10 << 20,
            "memory_dirty_rate": 512,
            "memory_page_size": 4096,
            "memory_iteration": 3,
        },
        2.5,
    )
    assert (reading.memory_total_mib, reading.bandwidth_mib_s) == (64, 10)
    assert (reading.dirty_rate_mib_s, reading.iteration, reading.percent) == (2, 3, 75)


def test_a_reading_without_figures_is_at_the_beginning() -> None:
    """Before QEMU has figures nothing is copied."""
    assert read_progress({}, 0.1).percent == 0


@pytest.mark.parametrize(
    ("text", "error_code"),
    [
        (
            "operation failed: guest CPU doesn't match specification: missing features: aes",
            "cpu_incompatible",
        ),
        ("internal error: client socket is closed", "daemon_lost"),
        ("Cannot get interface MTU on 'br0': No such device", "network_missing"),
        ("Cannot access storage file '/a': No such file or directory", "storage_missing"),
        (
            "Unsafe migration: Migration without shared storage is unsafe",
            "storage_not_shared",
        ),
        ('Failed to get "write" lock', "image_locked"),
        ("operation failed: domain 'a' already exists with uuid 1", "name_clash"),
        ("another migration job is already running for domain 'a'", "job_running"),
        ("cannot migrate domain with 1 snapshots", "has_snapshots"),
        ("Attempt to migrate guest to the same host 1", "same_host"),
        ("unable to connect to server at '10.0.0.1:49152': No route to host", "unreachable"),
        ("Cannot recv data: Host key verification failed.", "peer_trust"),
        ("Cannot recv data: Connection reset by peer", "daemon_lost"),
        ("job 'migration out' canceled by client", "cancelled"),
        ("qemu unexpectedly closed the monitor", "qemu_died"),
        (
            "Unable to access credentials /etc/pki/qemu/ca-cert.pem: No such file or directory",
            "tls_credentials",
        ),
        (
            "job 'migration out' failed: The certificate hasn't got a known issuer",
            "tls_credentials",
        ),
        ("something nobody has seen before", "migration_failed"),
    ],
)
def test_complaints_have_names(text: str, error_code: str) -> None:
    """libvirt's own texts, as measured, lead to a stable code and a remedy."""
    complaint = understand(text)
    assert complaint.error_code == error_code
    assert complaint.remedy.endswith(".")


@pytest.mark.parametrize(
    ("address", "uri"),
    [
        ("10.88.1.3", "tcp://10.88.1.3"),
        ("fd00::3", "tcp://[fd00::3]"),
        ("kvm3-mig", "tcp://kvm3-mig"),
        ("rdma://10.0.0.3:4444", "rdma://10.0.0.3:4444"),
        (None, None),
    ],
)
def test_migration_addresses_become_uris(address: str | None, uri: str | None) -> None:
    """An address gets its scheme and, for IPv6, its brackets; a URI stays as it is."""
    assert migration_uri(address) == uri


def test_a_call_that_hangs_is_left_behind() -> None:
    """The caller gets an error in time; the call's own result or error otherwise."""
    never = threading.Event()
    with pytest.raises(NoAnswer, match="no answer within 0 s when trying to wait"):
        bounded(never.wait, 0.05, "wait")
    never.set()
    assert bounded(lambda: 42, 5.0, "count") == 42
    with pytest.raises(KeyError):
        bounded(lambda: dict[str, int]()["x"], 5.0, "look up")


def test_all_failed_prerequisites_are_named_at_once() -> None:
    """The refusal carries every blocking finding, and no warning."""
    findings = [
        holds("a", "A holds."),
        blocks("b", "B fails.", "Repair B."),
        warns("c", "C is odd.", "Look at C."),
        blocks("d", "D fails.", "Repair D."),
    ]
    with pytest.raises(PrerequisiteFailed) as refusal:
        refuse_failed(findings)
    assert str(refusal.value) == "B fails. D fails. Repair B. Repair D."
    refuse_failed(findings[:1])
