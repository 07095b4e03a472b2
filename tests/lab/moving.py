# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Migrations of lab guests through Drover's own core, with faults at chosen moments."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import libvirt
from ansible_collections.drover.libvirt.plugins.module_utils._live.progress import Progress
from ansible_collections.drover.libvirt.plugins.module_utils._migration.migrate import (
    foresee,
    migrate,
    reconcile,
)
from ansible_collections.drover.libvirt.plugins.module_utils._migration.result import (
    MigrationResult,
)
from ansible_collections.drover.libvirt.plugins.module_utils._request.options import (
    MigrationOptions,
)
from ansible_collections.drover.libvirt.plugins.module_utils._request.request import (
    MigrationRequest,
)

from tests.lab import faults
from tests.lab.lab import Lab

# Patient enough for a busy machine, short enough for a test.
_OPTIONS = {"settle_timeout_s": 90.0}


def ssh_uri(lab: Lab, host: str) -> str:
    """Return how libvirt here reaches a host of the lab by SSH, with the lab's keys and names."""
    wrapper = lab.layout.keys / "bin" / "ssh"
    if not wrapper.exists():
        ssh = shutil.which("ssh")
        wrapper.parent.mkdir(exist_ok=True)
        wrapper.write_text(f'#!/bin/sh\nexec {ssh} -F {lab.ssh_config} "$@"\n')
        wrapper.chmod(0o755)
    if not os.environ["PATH"].startswith(f"{wrapper.parent}:"):
        os.environ["PATH"] = f"{wrapper.parent}:{os.environ['PATH']}"
    return f"qemu+ssh://root@{host}/system"


def request(
    lab: Lab,
    guest: str,
    source: str,
    destination: str,
    source_uri: str | None = None,
    **options: Any,
) -> MigrationRequest:
    """Return the request to migrate a guest between two hosts of the lab, as a third party."""
    target = lab.hosts[destination]
    return MigrationRequest(
        domain=guest,
        source=source,
        source_uri=source_uri or lab.hosts[source].uri,
        destination=destination,
        destination_uri=target.uri,
        peer_uri=f"qemu+ssh://root@{destination}/system",
        migration_address=target.migration_address,
        options=MigrationOptions(**{**_OPTIONS, **options}),
    )


def move(
    lab: Lab, guest: str, source: str = "kvm1", destination: str = "kvm2", **options: Any
) -> MigrationResult:
    """Migrate a guest and return what became of it."""
    return migrate(request(lab, guest, source, destination, **options))


def put_in_order(
    lab: Lab, guest: str, source: str = "kvm1", destination: str = "kvm2", look: bool = False
) -> MigrationResult:
    """Reconcile a guest, or only look what that would do."""
    wanted = request(lab, guest, source, destination)
    return foresee(wanted) if look else reconcile(wanted)


@dataclass
class Moving:
    """A migration under way in a thread of its own.

    Parameters
    ----------
    lab, guest, source, destination
        What moves.
    options
        Of the migration.
    """

    lab: Lab
    guest: str
    source: str = "kvm1"
    destination: str = "kvm2"
    options: dict[str, Any] = field(default_factory=dict)
    stop: threading.Event = field(default_factory=threading.Event)
    readings: list[Progress] = field(default_factory=list)
    _results: list[MigrationResult] = field(default_factory=list)

    def __post_init__(self) -> None:
        wanted = request(self.lab, self.guest, self.source, self.destination, **self.options)
        self._thread = threading.Thread(target=self._run, args=(wanted,), daemon=True)
        self._thread.start()

    def _run(self, wanted: MigrationRequest) -> None:
        self._results.append(migrate(wanted, on_progress=self.readings.append, stop=self.stop))

    def result(self, timeout_s: float = 240.0) -> MigrationResult:
        """Wait for the end and return the result."""
        self._thread.join(timeout_s)
        assert self._results, f"the migration did not return within {timeout_s} s"
        return self._results[0]

    def wait_copying(self, mib: float = 4.0, timeout_s: float = 60.0) -> None:
        """Wait until so much was copied."""
        wait_until(
            lambda: bool(self.readings) and self.readings[-1].memory_processed_mib >= mib,
            timeout_s,
        )

    def wait_until_disk_copied(self, mib: float, timeout_s: float = 60.0) -> None:
        """Wait until so much of disks was copied."""
        wait_until(
            lambda: bool(self.readings) and self.readings[-1].disk_processed_mib >= mib,
            timeout_s,
        )

    def domain(self, host: str) -> libvirt.virDomain:
        """Return the guest on a host, over a connection of its own."""
        return self.lab.hosts[host].connection().lookupByName(self.guest)


def freeze_destination_at_handover(lab: Lab, guest: str, source: str, destination: str) -> None:
    """Stop the destination's daemon in mid-copy, let the copy end, and wait for the pause.

    The source's QEMU has sent everything and waits; its daemon asks the destination's to finish,
    which does not answer.
    """
    domain = lab.hosts[source].connection().lookupByName(guest)
    faults.pause(lab.hosts[destination].daemon("libvirtd"))
    domain.migrateSetMaxSpeed(1000)
    wait_until(lambda: domain.state()[0] == libvirt.VIR_DOMAIN_PAUSED, 60.0)


def wait_until(holds: Callable[[], bool], timeout_s: float) -> None:
    """Wait until a condition holds.

    Raises
    ------
    AssertionError
        When it does not within the time.
    """
    deadline = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline, f"it did not come to pass within {timeout_s} s"
        time.sleep(0.05)


def stays(lab: Lab, guest: str) -> tuple[str, ...]:
    """Return where a running guest has been, once it has ticked where it is now.

    Raises
    ------
    ContinuityError
        When it did not run exactly once all the time.
    AssertionError
        When it does not tick.
    """
    [place] = [place for place in lab.where(guest) if place.state == "running"]
    before = len(lab.heartbeats(guest)[place.host])
    wait_until(lambda: len(lab.heartbeats(guest)[place.host]) > before, 20.0)
    return lab.check_ran_once(guest).hosts
