# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One host of the lab: its power, its processes, its libvirt."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

import libvirt

from tests.lab import network, state
from tests.lab.boot import DAEMONS
from tests.lab.command import CLEAN_ENVIRONMENT, run
from tests.lab.errors import LabError
from tests.lab.hardware import Hardware
from tests.lab.layout import GUEST, MANAGEMENT, MIGRATION, Layout, host_name
from tests.lab.power import trouble
from tests.lab.processes import ProcessId, children, command_line, namespace_members

# errors are raised; the binding prints them as well unless told not to
libvirt.registerErrorHandler(lambda *_: None, None)

REPOSITORY = Path(__file__).resolve().parents[2]
_BOOT_S = 30.0
_DEATH_S = 20.0
_SHUTDOWN_S = 30.0
_NAMESPACES = ("--net", "--mount", "--uts", "--ipc", "--pid")


@dataclass
class Host:
    """A libvirt host in namespaces of its own.

    Parameters
    ----------
    layout
        Of the lab.
    number
        From 1; decides name and addresses.
    hardware
        What it shows as its capacity; a change counts from the next boot on.
    """

    layout: Layout
    number: int
    hardware: Hardware = field(default_factory=Hardware)

    @property
    def name(self) -> str:
        """Name, and hostname."""
        return host_name(self.number)

    @property
    def address(self) -> str:
        """Address in the management network."""
        return str(self.layout.address(MANAGEMENT, self.number))

    @property
    def migration_address(self) -> str:
        """Address in the migration network."""
        return str(self.layout.address(MIGRATION, self.number))

    @property
    def guest_address(self) -> str:
        """Address of its bridge br0 in the guest network."""
        return str(self.layout.address(GUEST, self.number))

    @property
    def uri(self) -> str:
        """URI for looking at its libvirt from the controller: TCP, without authentication."""
        return f"qemu+tcp://{self.address}/system"

    @property
    def root(self) -> Path:
        """Where its own /etc, /var and /root are on the machine."""
        return self.layout.host_root(self.name)

    def path(self, inside: Path) -> Path:
        """Return where a file of the host's /etc, /var or /root is for the controller.

        While the host is on this leads through its own mounts: an overlay does not notice what
        changes behind its back.
        """
        init = self.init
        seen_from = self.root if init is None else Path(f"/proc/{init.pid}/root")
        return seen_from / inside.relative_to("/")

    @property
    def starter(self) -> ProcessId | None:
        """The process whose end takes the host down."""
        return state.load_process(self._starter_file)

    @property
    def _starter_file(self) -> Path:
        return self.root / "starter"

    @property
    def init(self) -> ProcessId | None:
        """Pid 1 of the host, as the machine numbers it."""
        starter = self.starter
        if starter is None or not starter.is_alive():
            return None
        return next(iter(children(starter)), None)

    @property
    def is_on(self) -> bool:
        """Whether the host has power."""
        return self.init is not None

    def connection(self) -> libvirt.virConnect:
        """Open a connection to the host's libvirt.

        Raises
        ------
        libvirt.libvirtError
            When the host does not answer.
        """
        return libvirt.open(self.uri)

    def run(
        self, argv: Sequence[str], *, check: bool = True, timeout_s: float = 60.0
    ) -> subprocess.CompletedProcess[str]:
        """Run a program inside the host, as root.

        Raises
        ------
        LabError
            When the host is off, or the program fails while `check` is set.
        """
        init = self.init
        if init is None:
            raise LabError(f"{self.name} is off; power_on() it first")
        enter = ["nsenter", "--target", str(init.pid), *_NAMESPACES, "--wd=/", "--"]
        return run([*enter, *argv], check=check, timeout_s=timeout_s)

    def power_on(self) -> None:
        """Start the host; `wait_ready` tells when it answers. Nothing happens when it is on."""
        with self._power_lock():
            if not self.is_on:
                self._power_on()

    def _power_lock(self) -> AbstractContextManager[None]:
        # an "on" that overtakes the clean-up of an "off" would leave half a host
        return state.lock(f"{self.layout.name}-{self.name}")

    def _power_on(self) -> None:
        network.remove_links(self.layout, self.number)
        starter = self._start()
        state.save_process(self._starter_file, ProcessId.of(starter.pid))
        init = self._await_init()
        network.plug_in(self.layout, self.number, init)
        assert starter.stdin is not None
        starter.stdin.write(b"go\n")
        starter.stdin.close()

    def _start(self) -> subprocess.Popen[bytes]:
        identity = (self.layout.name, self.layout.slot, self.number)
        capacity = (self.hardware.cpus, self.hardware.memory_mib)
        boot = ["/usr/bin/python3", "-m", "tests.lab.boot", *map(str, (*identity, *capacity))]
        options = (*_NAMESPACES, "--fork", "--mount-proc", "--kill-child=KILL", "--")
        with (self.root / "console.log").open("ab") as console:
            return subprocess.Popen(
                ["unshare", *options, *boot],
                cwd=REPOSITORY,
                env=CLEAN_ENVIRONMENT | {"PYTHONDONTWRITEBYTECODE": "1"},
                stdin=subprocess.PIPE,
                stdout=console,
                stderr=console,
                start_new_session=True,
            )

    def _await_init(self) -> ProcessId:
        deadline = time.monotonic() + _BOOT_S
        while time.monotonic() < deadline:
            init = self.init
            # before the exec it is still a copy of unshare, with the namespaces already made
            if init is not None and command_line(init)[:1] == ["/usr/bin/python3"]:
                return init
            time.sleep(0.005)
        raise LabError(f"{self.name} did not start; see {self.root / 'console.log'}")

    def wait_ready(self, timeout_s: float = _BOOT_S) -> None:
        """Wait until the host's libvirt answers over TCP.

        Raises
        ------
        LabError
            When it does not.
        """
        deadline = time.monotonic() + timeout_s
        while self.is_on and time.monotonic() < deadline:
            try:
                self.connection().close()
            except libvirt.libvirtError:
                time.sleep(0.05)
            else:
                return
        raise LabError(f"libvirt of {self.name} does not answer; see {self.root}/console.log")

    def power_off(self) -> None:
        """Shut the host down in an orderly way: its guests get their power button pressed."""
        self.press_power_button()
        self.power_cut()

    def press_power_button(self) -> None:
        """Tell the host to shut down, as its power button does, and wait until it has."""
        init = self.init
        if init is not None:
            init.send(signal.SIGTERM)
            init.wait_gone(_SHUTDOWN_S)

    def power_cut(self) -> None:
        """Take the power from the host at once. Its peers see silence, not closed connections."""
        with self._power_lock():
            network.unplug(self.layout, self.number)
            self._kill()

    def kill(self) -> None:
        """End all the host's processes and remove its links."""
        with self._power_lock():
            self._kill()

    def _kill(self) -> None:
        starter, members = self.starter, self.processes()
        if starter is not None:
            for process in (self.init, starter):
                if process is not None:
                    process.send(signal.SIGKILL)
            for process in (*members, starter):
                if not process.wait_gone(_DEATH_S):
                    print(f"{self.name}: process {process.pid} does not die", file=sys.stderr)
            self._starter_file.unlink()
        network.remove_links(self.layout, self.number)

    def processes(self) -> list[ProcessId]:
        """Return all processes inside the host."""
        init = self.init
        return [] if init is None else namespace_members(init)

    def trouble(self, kind: str, text: str = "") -> None:
        """Give the host one of the troubles of :mod:`tests.lab.power.trouble`, on or off."""
        directory = self.path(trouble.DIRECTORY)
        directory.mkdir(parents=True, exist_ok=True)
        (directory / kind).write_text(text)

    @property
    def is_troubled(self) -> bool:
        """Whether it has such a trouble."""
        return self.path(trouble.DIRECTORY).exists()

    def end_trouble(self) -> None:
        """Take all such troubles away; what is missing since the last boot comes with the next one."""
        shutil.rmtree(self.path(trouble.DIRECTORY), ignore_errors=True)

    def daemon(self, name: str) -> ProcessId:
        """Return a daemon, "libvirtd" or "sshd".

        Raises
        ------
        LabError
            When it does not run.
        """
        process = self.find_daemon(name)
        if process is None:
            raise LabError(f"{self.name} has no {name} running")
        return process

    def find_daemon(self, name: str) -> ProcessId | None:
        """Return a daemon; None when it does not run."""
        for process in self.processes():
            # the listening sshd calls itself "sshd: /usr/sbin/sshd [listener] ...", its
            # connections "sshd: root@..."
            words = " ".join(command_line(process)).removeprefix("sshd: ").split()
            if words[:1] == [DAEMONS[name][0]]:
                return process
        return None

    def qemu(self, domain: str) -> ProcessId:
        """Return the QEMU process of a domain.

        Raises
        ------
        LabError
            When the host does not run it.
        """
        for process in self.processes():
            words = command_line(process)
            if any(word.startswith(f"guest={domain},") for word in words):
                return process
        raise LabError(f"{self.name} runs no QEMU of {domain}")

    def start_daemon(self, name: str) -> None:
        """Start a daemon that was killed."""
        self.run(DAEMONS[name])
