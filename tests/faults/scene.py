# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A row in progress: the lab, the VM, the migration, and what must be undone."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from typing import Any

import libvirt

from tests.faults.migrator import Migrator
from tests.faults.process import Process
from tests.faults.row import Moment, Row
from tests.lab import faults
from tests.lab.errors import LabError
from tests.lab.host import Host
from tests.lab.lab import Lab

GUEST = "vm1"
# Patient no longer than a row may take.
_OPTIONS = {"settle_timeout_s": 20.0}
_HOLDS = {
    Moment.ASKED: "begin",
    Moment.MARKED: "marked",
    Moment.DECIDED: "decided",
    Moment.ENDED: "ended",
    Moment.ARRIVED: "arrived",
    Moment.LOOKED_AFTER: "looked_after",
    Moment.QUICK_MARKED: "quick_marked",
    Moment.WRITTEN: "written",
    Moment.SAVED: "saved",
    Moment.PREPARED: "prepared",
    Moment.CLAIMED: "claimed",
    Moment.RESTORED: "restored",
    Moment.UNDEFINED: "undefined",
    Moment.USED: "used",
    Moment.RUNNING: "running",
    Moment.RESUMED: "resumed",
    Moment.TURNED_BACK: "turned_back",
    Moment.DEFINED: "defined",
}
_MODE = ("mode", "save_directory")
# Slow enough that the middle of the copy can be hit.
_SLOW = {"bandwidth_mib_s": 8}


class Scene:
    """One row being played.

    Parameters
    ----------
    lab
        Three hosts.
    row
        What is played.
    start
        Starts what migrates in the place of Drover.
    guest
        The VM's name.
    hosts
        The names of its source, of its destination and of the third host.
    onward
        The host that a VM which has moved goes to next; back to its source when empty.
    """

    def __init__(
        self,
        lab: Lab,
        row: Row,
        start: Callable[[Scene], Process] | None = None,
        *,
        guest: str = GUEST,
        hosts: Sequence[str] = (),
        onward: str = "",
    ) -> None:
        self.lab = lab
        self.row = row
        names = hosts or list(lab.hosts)
        self.source, self.destination, self.third = (lab.hosts[name] for name in names[:3])
        self.onward = lab.hosts[onward] if onward else self.source
        self.guest = guest
        self._undo = ExitStack()
        self._cleanup = ExitStack()
        self._start = start
        self._process: Process | None = None
        self.remarks: list[str] = []
        self.overrides: dict[str, Any] = {}

    # -- the VM --------------------------------------------------------------------------------

    def start_vm(self) -> None:
        """Start the row's VM on the source."""
        vm = self.row.vm
        self.lab.start(vm.guest(self.guest), self.source.name, autostart=vm.autostart)
        domain = self.domain(self.source)
        wait_until(lambda: bool(self.lab.heartbeats(self.guest)[self.source.name]), 20)
        if vm.transient:
            domain.setAutostart(0)
            domain.undefine()
        if vm.paused:
            domain.suspend()
        if vm.off:
            domain.destroy()

    def domain(self, host: Host) -> libvirt.virDomain:
        """Return the VM on a host, over a connection of its own."""
        return host.connection().lookupByName(self.guest)

    def source_state(self) -> int:
        """Return libvirt's state of the VM on the source; NOSTATE when it is not there."""
        try:
            return int(self.domain(self.source).state()[0])
        except libvirt.libvirtError:
            return int(libvirt.VIR_DOMAIN_NOSTATE)

    def has_qemu(self, host: Host) -> bool:
        """Whether a QEMU of the VM runs on a host."""
        with suppress(LabError):
            host.qemu(self.guest)
            return True
        return False

    # -- the migration -------------------------------------------------------------------------

    @property
    def process(self) -> Process:
        """The process that migrates."""
        assert self._process is not None
        return self._process

    @property
    def migrator(self) -> Migrator:
        """The process that migrates, when it is Drover's."""
        assert isinstance(self._process, Migrator)
        return self._process

    def begin(self) -> None:
        """Start to migrate."""
        if self._start is None:
            self._process = self.migrate(hold=_HOLDS.get(self.row.moment, ""))
        else:
            self._process = self._start(self)
            self._undo.callback(self._process.close)

    def wait_copied(self, mib: float) -> None:
        """Wait until so much memory was copied, by libvirt's own word on the source."""
        domain = self.domain(self.source)
        wait_until(lambda: self.process.has_ended or _copied_mib(domain) >= mib, 30, "a copy")
        if self.process.has_ended:
            raise LabError(f"the migration ended at once: {self.process.last_words()[:800]}")

    def migrate(
        self,
        destination: Host | None = None,
        *,
        source: Host | None = None,
        hold: str = "",
        plain: bool = False,
        same_mode: bool = False,
    ) -> Migrator:
        """Start a process that migrates the VM.

        Parameters
        ----------
        destination, source
            Where to and from where, if not as the row has it.
        hold
            Where it waits for the fault to be made.
        plain
            Whether the row's own options and addresses are left out.
        same_mode
            Whether a plain migration is of the row's own mode.
        """
        source = source or self.source
        wanted = self.request(source, destination or self.destination)
        if plain:
            mode = {name: self.row.options[name] for name in _MODE if name in self.row.options}
            wanted["options"] = {
                "settle_timeout_s": 30.0,
                **(mode if same_mode else self.row.again_options),
            }
        else:
            pace = {} if self.row.moment is Moment.BEFORE else _SLOW
            wanted["options"] = {**_OPTIONS, **pace, **self.row.options}
            wanted |= {**self.row.request, **self.overrides}
        migrator = Migrator(self._driver(source, wanted), wanted, hold=hold)
        self._undo.callback(migrator.close)
        return migrator

    def settle(self, fenced: bool = False) -> Migrator:
        """Start a process that settles what the row's own migration left, as after a dead executor."""
        begun = self.migrator.begun
        left = {name: begun[name] for name in ("uuid", "mark", "options")}
        left["fenced"] = [getattr(self, self.row.fenced).name] if fenced else []
        wanted = {**self.request(self.source, self.destination), "options": {}, "left": left}
        migrator = Migrator(self._driver(self.source, wanted), wanted)
        self._undo.callback(migrator.close)
        return migrator

    def _driver(self, source: Host, wanted: dict[str, Any]) -> Host:
        """Return the host that the process runs on, and let it reach the source from there."""
        if self.row.driver == "source":
            return source
        wanted["source_uri"] = f"qemu+ssh://root@{source.name}/system"
        return self.third

    def request(self, source: Host, destination: Host) -> dict[str, Any]:
        """Return the request's keys, without options, as the executor on the source has them."""
        uri = f"qemu+ssh://root@{destination.name}/system"
        return {
            "domain": self.guest,
            "source": source.name,
            "source_uri": "qemu:///system",
            "destination": destination.name,
            "destination_uri": uri,
            "peer_uri": uri,
            "migration_address": destination.migration_address,
        }

    def let_pass(self, seconds: float) -> None:
        """Let time pass where time itself is what the fault is about."""
        time.sleep(seconds)

    # -- undoing -------------------------------------------------------------------------------

    def on_heal(self, act: Callable[[], object]) -> None:
        """Remember what undoes a fault; later ones are undone first."""
        self._undo.callback(act)

    def on_cleanup(self, act: Callable[[], object]) -> None:
        """Remember what is undone only after the row, when the VM is gone."""
        self._cleanup.callback(act)

    def clean_up(self) -> None:
        """Undo what was made for the row."""
        self._cleanup.close()

    def heal(self) -> None:
        """Undo everything: own changes, links, paused processes, killed daemons, power."""
        self._undo.close()
        for host in self.lab.hosts.values():
            faults.undo(host)


def _copied_mib(domain: libvirt.virDomain) -> float:
    with suppress(libvirt.libvirtError):
        return float(domain.jobStats().get("memory_processed", 0)) / (1 << 20)
    return 0.0


def wait_until(holds: Callable[[], bool], timeout_s: float, what: str = "it") -> None:
    """Wait until a condition holds.

    Raises
    ------
    LabError
        When it does not within the time.
    """
    deadline = time.monotonic() + timeout_s
    while not holds():
        if time.monotonic() > deadline:
            raise LabError(f"{what} did not come to pass within {timeout_s:.0f} s")
        time.sleep(0.02)
