# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab: N libvirt hosts, their networks, their storage, their guests."""

from __future__ import annotations

import shutil
import signal
import socket
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.lab import artefacts, faults, network, state, storage
from tests.lab.beats import GUEST_LOGS, Beat, Continuity, check_continuity, read_beats
from tests.lab.domains import Place, linux_addresses, place_of, remove_domains
from tests.lab.errors import LabError
from tests.lab.guest_agent import agent_initramfs
from tests.lab.guests import BOOT_FILES, IMAGES, Guest, LinuxGuest, TinyGuest
from tests.lab.hardware import Hardware
from tests.lab.host import Host
from tests.lab.host_files import make_keys, provision
from tests.lab.inventory import inventory
from tests.lab.layout import MAX_HOSTS, SHARED, Layout, valid_name
from tests.lab.linux_kernel import linux_guest
from tests.lab.power.places import Places
from tests.lab.prerequisites import check_machine
from tests.lab.processes import ProcessId
from tests.lab.state import LabState

_IMAGE_BYTES = 16 << 20


class Lab:
    """A running lab. `up` makes one, `attach` finds one that runs.

    Attributes
    ----------
    hosts
        By name: kvm1, kvm2, ...
    """

    def __init__(self, kept: LabState) -> None:
        self.layout = kept.layout
        self._hardware = kept.hardware
        self.hosts = {
            host.name: host
            for host in (Host(self.layout, n, hw) for n, hw in enumerate(kept.hardware, start=1))
        }

    @property
    def name(self) -> str:
        """Name of the lab."""
        return self.layout.name

    # -- life ----------------------------------------------------------------------------------

    @classmethod
    def up(
        cls,
        name: str,
        hosts: int | tuple[Hardware, ...] = 4,
        *,
        cpus: int = 4,
        memory_mib: int = 8192,
        reuse: bool = True,
        owner: ProcessId | None = None,
    ) -> Lab:
        """Make a lab, or find it.

        Parameters
        ----------
        name
            Names the lab; labs of different names live side by side.
        hosts
            How many, or the capacity of each.
        cpus, memory_mib
            Capacity of each, when `hosts` is a number.
        reuse
            Whether a running lab of this name and these hosts is taken as it is. Any other lab of
            this name, and any remains of one, are removed first.
        owner
            A process after whose end `sweep` may remove the lab.

        Raises
        ------
        LabError
            When it cannot be made; what was made until then is removed.
        """
        valid_name(name)
        hardware = (Hardware(cpus, memory_mib),) * hosts if isinstance(hosts, int) else hosts
        if not 1 <= len(hardware) <= MAX_HOSTS:
            raise ValueError(f"a lab has 1 to {MAX_HOSTS} hosts")
        check_machine()
        with state.lock(name):
            kept = state.load(name)
            if kept is not None and reuse and kept.hardware == hardware:
                lab = cls(kept)
                if lab._resume():
                    return lab
            if kept is not None:
                cls(kept)._remove()
            return cls._make(name, hardware, owner)

    @classmethod
    def attach(cls, name: str) -> Lab:
        """Find a lab that was made before.

        Raises
        ------
        LabError
            When there is none of this name.
        """
        kept = state.load(valid_name(name))
        if kept is None:
            raise LabError(f"there is no lab {name}; make it with python -m tests.lab up")
        return cls(kept)

    def down(self) -> None:
        """Remove the lab and everything in it. Removing it twice does no harm."""
        with state.lock(self.name):
            self._remove()

    @classmethod
    def sweep(cls) -> list[str]:
        """Remove the labs whose owners have gone; return their names."""
        orphans = [cls(kept) for kept in state.load_all() if kept.is_orphan]
        for lab in orphans:
            lab.down()
        return [lab.name for lab in orphans]

    @classmethod
    def _make(cls, name: str, hardware: tuple[Hardware, ...], owner: ProcessId | None) -> Lab:
        with state.lock("slots"):
            layout = Layout(name, state.free_slot(network.taken_networks()))
            kept = LabState(layout, hardware, owner)
            kept.save()
        lab = cls(kept)
        try:
            lab._build()
        except BaseException:
            lab._remove()
            raise
        return lab

    def _build(self) -> None:
        server = storage.serve(self.layout)
        state.save_process(self._storage_file, server)
        storage.wait_mounted(self.layout, server)
        network.make_bridges(self.layout)
        self._provide_boot_file("tiny.elf", artefacts.tiny_guest())
        (self.layout.backing / IMAGES.name).mkdir()
        make_keys(self.layout, len(self.hosts))
        for host in self.hosts.values():
            provision(self.layout, host.number, len(self.hosts))
        self.write_inventory()
        targets = [host.path(artefacts.CAPABILITIES) for host in self.hosts.values()]
        known = [artefacts.seed_capabilities(target) for target in targets]
        self._each_host(Host.power_on)
        self._each_host(Host.wait_ready)
        if not all(known):
            self._probe_qemu()
        self._complete_file.touch()

    def _probe_qemu(self) -> None:
        """Let one host find out what its QEMU can do, for all of them."""
        first, *others = self.hosts.values()
        connection = first.connection()
        # asks every QEMU binary of the machine
        connection.getCapabilities()
        connection.close()
        artefacts.keep_capabilities(first.path(artefacts.CAPABILITIES))
        for host in others:
            artefacts.seed_capabilities(host.path(artefacts.CAPABILITIES))

    def _resume(self) -> bool:
        """Bring all hosts of a lab that runs to work; return False when it does not run."""
        server = state.load_process(self._storage_file)
        if server is None or not server.is_alive() or not self._complete_file.exists():
            return False
        try:
            self._each_host(Host.power_on)
            self._each_host(Host.wait_ready)
        except LabError:
            return False
        return True

    def _remove(self) -> None:
        if not self.layout.root.exists():
            return
        # first what could switch a host on again
        Places(self.layout).remove(host.number for host in self.hosts.values())
        self._each_host(Host.kill)
        network.remove_bridges(self.layout)
        storage.unmount(self.layout)
        server = state.load_process(self._storage_file)
        if server is not None:
            server.send(signal.SIGKILL)
            server.wait_gone(5)
        shutil.rmtree(self.layout.root)

    def reset(self) -> None:
        """Bring all hosts to work, heal their links, and remove all guests."""
        self._each_host(faults.undo)
        self.remove_guests()

    def _each_host(self, act: Callable[[Host], None]) -> None:
        if self.hosts:
            with ThreadPoolExecutor(len(self.hosts)) as pool:
                list(pool.map(act, self.hosts.values()))

    @property
    def _storage_file(self) -> Path:
        return self.layout.root / "storage"

    @property
    def _complete_file(self) -> Path:
        return self.layout.root / "complete"

    # -- Ansible -------------------------------------------------------------------------------

    @property
    def inventory_path(self) -> Path:
        """An Ansible inventory with the group kvm."""
        return self.layout.root / "inventory.yml"

    def write_inventory(self, power: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        """Write the inventory, with how hosts are switched (``drover_power`` by host) where that is known."""
        addresses = [(host.name, host.address) for host in self.hosts.values()]
        self.inventory_path.write_text(inventory(self.layout, addresses, power or {}))

    @property
    def ssh_config(self) -> Path:
        """A configuration with which ssh knows the hosts by name."""
        return self.layout.keys / "config"

    # -- guests --------------------------------------------------------------------------------

    def start_guest(
        self,
        name: str,
        host: str,
        *,
        autostart: bool = False,
        labels: Mapping[str, str] | None = None,
        **options: Any,
    ) -> TinyGuest:
        """Define a tiny guest on a host and start it; `options` are those of TinyGuest."""
        guest = TinyGuest(name, labels=labels or {}, **options)
        self.start(guest, host, autostart=autostart)
        return guest

    def start_linux_guest(
        self,
        name: str,
        host: str,
        *,
        autostart: bool = False,
        wait_s: float = 120.0,
        **options: Any,
    ) -> LinuxGuest:
        """Define a Linux guest on a host, start it, and wait until its TCP echo answers.

        Parameters
        ----------
        wait_s
            How long; 0 does not wait. It takes some 5 s of CPU time to boot.

        Raises
        ------
        LabError
            When the echo does not answer in time.
        """
        for file, source in linux_guest().items():
            self._provide_boot_file(file, source)
        if options.get("agent"):
            self._provide_boot_file("initramfs-agent", agent_initramfs())
        guest = LinuxGuest(name, address=self._free_guest_address(), **options)
        self.start(guest, host, autostart=autostart)
        if wait_s and not _answers(guest, wait_s):
            said = self.serial(name, host)[-300:]
            raise LabError(f"{name} does not answer at {guest.address}:{guest.port}: {said}")
        return guest

    def linux_guests(self) -> dict[str, str]:
        """Return the address of each Linux guest that a host knows."""
        found: dict[str, str] = {}
        for host in self.hosts.values():
            if host.is_on:
                found |= linux_addresses(host)
        return found

    def _free_guest_address(self) -> str:
        taken = set(self.linux_guests().values())
        addresses = (str(self.layout.guest_address(n)) for n in range(len(taken) + 1))
        return next(address for address in addresses if address not in taken)

    def start(self, guest: Guest, host: str, *, autostart: bool = False) -> None:
        """Define a guest on a host and start it there.

        Raises
        ------
        libvirt.libvirtError
            When libvirt refuses.
        """
        self._forget_logs(guest.name)
        if guest.disk and guest.image is None:
            with self._image(guest.name).open("wb") as image:
                image.truncate(_IMAGE_BYTES)
        connection = self.hosts[host].connection()
        try:
            domain = connection.defineXML(guest.xml())
            domain.setAutostart(int(autostart))
            domain.create()
        finally:
            connection.close()

    def remove_guests(self) -> None:
        """Destroy and undefine all guests on all hosts, with their images and logs."""
        self._each_host(remove_domains)
        for image in (self.layout.backing / IMAGES.name).iterdir():
            image.unlink()
            self._forget_logs(image.stem)

    def where(self, name: str) -> list[Place]:
        """Return each host that knows a domain. Hosts without power are not asked."""
        hosts = [host for host in self.hosts.values() if host.is_on]
        places = [place_of(host, name) for host in hosts]
        return [place for place in places if place is not None]

    def guests(self) -> dict[str, list[Place]]:
        """Return all domains of all hosts, and where they are."""
        names: set[str] = set()
        for host in self.hosts.values():
            if host.is_on:
                connection = host.connection()
                names |= {domain.name() for domain in connection.listAllDomains()}
                connection.close()
        return {name: self.where(name) for name in sorted(names)}

    def heartbeats(self, name: str) -> dict[str, list[Beat]]:
        """Return what each host saw of a guest's heartbeats."""
        return {
            host.name: read_beats(self._log(host, name, "beats"), host.name)
            for host in self.hosts.values()
        }

    def check_ran_once(self, name: str) -> Continuity:
        """Judge from its heartbeats whether a guest ran exactly once since `start`.

        Raises
        ------
        ContinuityError
            When it restarted, or two copies of it ran.
        """
        return check_continuity(b for beats in self.heartbeats(name).values() for b in beats)

    def serial(self, name: str, host: str) -> str:
        """Return what a guest wrote to its serial port on a host."""
        return self._log(self.hosts[host], name, "serial").read_text(errors="replace")

    def _provide_boot_file(self, name: str, source: Path) -> None:
        target = self.layout.backing / BOOT_FILES.relative_to(SHARED) / name
        target.parent.mkdir(exist_ok=True)
        shutil.copyfile(source, target)

    def _image(self, name: str) -> Path:
        return self.layout.backing / IMAGES.relative_to(SHARED) / f"{name}.raw"

    def _log(self, host: Host, name: str, kind: str) -> Path:
        return host.path(GUEST_LOGS / f"{name}.{kind}")

    def _forget_logs(self, name: str) -> None:
        for host in self.hosts.values():
            for kind in ("serial", "beats"):
                self._log(host, name, kind).unlink(missing_ok=True)


def _answers(guest: LinuxGuest, wait_s: float) -> bool:
    deadline = time.monotonic() + wait_s
    while time.monotonic() < deadline:
        try:
            socket.create_connection((guest.address, guest.port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return True
    return False
