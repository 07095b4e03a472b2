# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What happens around a run: owners deal with their VMs, disks get full, daemons start again."""

from __future__ import annotations

from tests.faults.run import Act, Holds, RunScene
from tests.lab import faults
from tests.lab.host import Host

STATE = "/var/lib/drover"


def owner(act: str, name: str, host: str) -> Act:
    """Let the owner call a method of his VM, such as "create", "destroy" or "suspend"."""
    return lambda scene: getattr(scene.domain(name, host), act)()


def removed(name: str, host: str) -> Act:
    """Let the owner stop and undefine his VM."""

    def act(scene: RunScene) -> None:
        domain = scene.domain(name, host)
        domain.destroy()
        domain.undefine()

    return act


def moved_by_hand(name: str, source: str, destination: str) -> Act:
    """Let the owner move his VM with virsh, while it waits for its turn."""

    def act(scene: RunScene) -> None:
        host = scene.lab.hosts[source]
        address = scene.lab.hosts[destination].migration_address
        flags = ["--live", "--p2p", "--persistent", "--undefinesource"]
        ways = [f"qemu+ssh://root@{destination}/system", "--migrateuri", f"tcp://{address}"]
        host.run(["virsh", "migrate", *flags, name, *ways])

    return act


def state_full(name: str) -> Act:
    """Let a host have no room below its state directory."""

    def act(scene: RunScene) -> None:
        _mount(scene, scene.lab.hosts[name])
        _fill(scene, scene.lab.hosts[name])

    return act


def state_hidden(name: str) -> Act:
    """Let another file system be mounted over a host's state directory."""
    return lambda scene: _mount(scene, scene.lab.hosts[name])


def _mount(scene: RunScene, host: Host) -> None:
    host.run(["mkdir", "-p", STATE])
    host.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", STATE])
    scene.on_heal(lambda: host.run(["umount", STATE], check=False))


def _fill(scene: RunScene, host: Host) -> None:
    host.run(["dd", "if=/dev/zero", f"of={STATE}/much", "bs=4k"], check=False)
    scene.on_heal(lambda: host.run(["rm", "-f", f"{STATE}/much"]))


def daemon_restarted(name: str) -> Act:
    """Restart libvirtd of a host, as an upgrade of its package does."""

    def act(scene: RunScene) -> None:
        host = scene.lab.hosts[name]
        faults.kill(host.daemon("libvirtd"))
        host.start_daemon("libvirtd")

    return act


def empty(host: str) -> Holds:
    """Nothing may run on a host."""

    def holds(scene: RunScene) -> str:
        found = scene.running_on(host)
        return f"{', '.join(found)} on {host}" if found else ""

    return holds


def has(host: str, *names: str) -> Holds:
    """Just these may run on a host."""

    def holds(scene: RunScene) -> str:
        found = scene.running_on(host)
        return "" if found == sorted(names) else f"on {host} are {found}"

    return holds
