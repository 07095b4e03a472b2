# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong while a migration runs: processes, links, power, storage, users."""

from __future__ import annotations

import signal
from contextlib import suppress
from pathlib import Path

import libvirt

from tests.faults.row import Inject
from tests.faults.scene import Scene, wait_until
from tests.lab import faults, state
from tests.lab.errors import LabError
from tests.lab.host import Host
from tests.lab.layout import MANAGEMENT, MIGRATION
from tests.lab.processes import ProcessId

# The lab's daemons take a peer for dead after 1 s x (5 + 1); this is longer.
_PAST_KEEPALIVE_S = 25.0
_TABLE = "drover_faults"
_MEMORY_GROUPS = Path("/sys/fs/cgroup/memory")
_LITTLE_MEMORY_MIB = 140


def nothing(_scene: Scene) -> None:
    """Make no fault: the VM, the move itself, or what was prepared is what the row is about."""


def both(*injections: Inject) -> Inject:
    """Do one after the other."""

    def inject(scene: Scene) -> None:
        for each in injections:
            each(scene)

    return inject


# -- processes -------------------------------------------------------------------------------------


def kill_qemu(end: str) -> Inject:
    """Kill the VM's QEMU on the "source" or the "destination"."""
    return lambda scene: faults.kill(host_of(scene, end).qemu(scene.guest))


def freeze_qemu(end: str) -> Inject:
    """Stop the VM's QEMU where it is; healing lets it go on."""
    return lambda scene: _freeze(scene, host_of(scene, end).qemu(scene.guest))


def kill_daemon(end: str, *, restart: bool = True) -> Inject:
    """Kill libvirtd; it is started again, as an init system would."""

    def inject(scene: Scene) -> None:
        host = host_of(scene, end)
        faults.kill(host.daemon("libvirtd"))
        if restart:
            host.start_daemon("libvirtd")

    return inject


def freeze_daemon(end: str) -> Inject:
    """Stop libvirtd where it is; healing lets it go on."""
    return lambda scene: _freeze(scene, host_of(scene, end).daemon("libvirtd"))


def thaw_daemon(end: str) -> Inject:
    """Let libvirtd go on."""

    def inject(scene: Scene) -> None:
        host_of(scene, end).daemon("libvirtd").send(signal.SIGCONT)

    return inject


def kill_migrator(scene: Scene) -> None:
    """Kill the process that migrates, on the source."""
    process = scene.process.find()
    if process is None:
        raise LabError("the migrating process has ended already")
    faults.kill(process)


def until_source_runs_again(scene: Scene) -> None:
    """Wait until the source's libvirt has given the handover up and lets its VM run."""
    wait_until(
        lambda: scene.source_state() == libvirt.VIR_DOMAIN_RUNNING,
        _PAST_KEEPALIVE_S,
        "that the source runs the VM again",
    )


def until_source_ends(scene: Scene) -> None:
    """Wait until the source's QEMU is gone."""
    wait_until(lambda: not scene.has_qemu(scene.source), 30, "the end of the source's QEMU")


def until_arrival_ends(scene: Scene) -> None:
    """Wait until the destination has given up what was arriving."""
    wait_until(
        lambda: not scene.has_qemu(scene.destination),
        _PAST_KEEPALIVE_S,
        "the end of the destination's QEMU",
    )


def until_migration_ends(scene: Scene) -> None:
    """Wait until the migrating process is through."""
    wait_until(lambda: scene.process.has_ended, scene.row.limit_s, "the end of the migration")


# -- links and power -------------------------------------------------------------------------------


def cut(end: str, *networks: str) -> Inject:
    """Pull cables of a host."""

    def inject(scene: Scene) -> None:
        for network in networks:
            faults.cut_link(host_of(scene, end), network)

    return inject


def plug(end: str, *networks: str) -> Inject:
    """Plug cables of a host in again."""

    def inject(scene: Scene) -> None:
        for network in networks:
            faults.heal_link(host_of(scene, end), network)

    return inject


BOTH_NETWORKS = (MANAGEMENT, MIGRATION)


def until_daemon_gives_up(scene: Scene) -> None:
    """Wait until the source's libvirt has given the migration up; it asks with a 1 s keepalive."""
    domain = scene.domain(scene.source)
    wait_until(lambda: _job_is_over(domain), _PAST_KEEPALIVE_S, "the end of the job")


def _job_is_over(domain: libvirt.virDomain) -> bool:
    try:
        return bool(domain.jobInfo()[0] == libvirt.VIR_DOMAIN_JOB_NONE)
    except libvirt.libvirtError:
        return False


def give_up_post_copy(scene: Scene) -> None:
    """Let the source's QEMU take its connection for broken at once, as it does after a long silence."""
    domain = scene.domain(scene.source)
    domain.abortJobFlags(libvirt.VIR_DOMAIN_ABORT_JOB_POSTCOPY)
    failed = libvirt.VIR_DOMAIN_PAUSED_POSTCOPY_FAILED
    wait_until(lambda: domain.state()[1] == failed, 30, "the end of post-copy")


def until_stalled(scene: Scene) -> None:
    """Wait until nothing has been copied for a second."""
    domain = scene.domain(scene.source)
    before = -1
    for _second in range(20):
        now = domain.jobStats().get("memory_processed", 0)
        if now == before:
            return
        before = now
        scene.let_pass(1.0)
    raise LabError("the copy goes on although it cannot")


def drop_replies(scene: Scene) -> None:
    """Drop what the destination sends to the source; the other direction stays open."""
    networks = " ".join(f"ip daddr {address} drop;" for address in (scene.source.address,))
    _nft(scene, scene.destination, "output", networks)


def block_ports(verdict: str) -> Inject:
    """Drop or reject what arrives at the destination's migration ports."""
    return lambda scene: _nft(
        scene, scene.destination, "input", f"tcp dport 49152-49215 {verdict};"
    )


def _nft(scene: Scene, host: Host, hook: str, rules: str) -> None:
    chain = f"chain {hook} {{\n type filter hook {hook} priority 0;\n {rules}\n }}"
    host.run(["nft", f"table ip {_TABLE} {{\n {chain}\n }}\n"])
    scene.on_heal(lambda: lift_rules(host))


def lift_rules(host: Host) -> None:
    """Remove the rules again; nothing happens when there are none."""
    if host.is_on:
        host.run(["nft", "delete", "table", "ip", _TABLE], check=False)


def lift(end: str) -> Inject:
    """Remove a host's rules while the migration still runs."""
    return lambda scene: lift_rules(host_of(scene, end))


def power_cut(end: str) -> Inject:
    """Take the power from a host; it boots again when the fault is undone."""

    def inject(scene: Scene) -> None:
        if end == scene.row.driver:
            scene.process.orphan()
        host_of(scene, end).power_cut()

    return inject


def power_cycle(end: str) -> Inject:
    """Take the power from a host and give it back at once."""

    def inject(scene: Scene) -> None:
        power_cut(end)(scene)
        host_of(scene, end).power_on()
        host_of(scene, end).wait_ready()

    return inject


# -- storage and memory ----------------------------------------------------------------------------


def hang_storage(scene: Scene) -> None:
    """Stop the process that serves the shared storage; who reads or writes there waits."""
    server = state.load_process(scene.lab.layout.root / "storage")
    assert server is not None
    _freeze(scene, server)


def storage_answers(scene: Scene) -> None:
    """Let the shared storage go on."""
    server = state.load_process(scene.lab.layout.root / "storage")
    assert server is not None
    server.send(signal.SIGCONT)


def limit_memory(scene: Scene) -> None:
    """Let what the destination's libvirtd starts have less memory than the VM fills."""
    group = _MEMORY_GROUPS / f"drover-faults-{scene.lab.name}"
    group.mkdir(exist_ok=True)
    (group / "memory.limit_in_bytes").write_text(str(_LITTLE_MEMORY_MIB << 20))
    (group / "cgroup.procs").write_text(str(scene.destination.daemon("libvirtd").pid))
    scene.on_heal(lambda: _remove_group(group))


def _remove_group(group: Path) -> None:
    """Put the group's processes back where they came from and remove it."""
    for pid in (group / "cgroup.procs").read_text().split():
        (_MEMORY_GROUPS / "cgroup.procs").write_text(pid)
    group.rmdir()


# -- users -----------------------------------------------------------------------------------------


def user(end: str, act: str) -> Inject:
    """Call a method of the VM ("suspend", "resume", "destroy"...), as a user with virsh does."""

    def inject(scene: Scene) -> None:
        with suppress(libvirt.libvirtError):
            getattr(scene.domain(host_of(scene, end)), act)()

    return inject


def second_migration(scene: Scene) -> None:
    """Ask for a migration of the same VM to a third host, and see it refused."""
    second = scene.migrate(scene.third, plain=True).result(30)
    assert second is not None
    if "Another migration of the VM is running" not in second["reason"]:
        raise LabError(f"the second migration was not refused: {second['reason']}")
    scene.remarks.append(f"second: {second['error_code']}")


def arrive_paused(scene: Scene) -> None:
    """Move the paused VM to the destination first, and let the row begin from there."""
    first = scene.migrate(plain=True).result(60)
    if first is None or first["outcome"] != "moved":
        raise LabError(f"the first migration failed: {first}")
    scene.source, scene.destination = scene.destination, scene.source


# -- tools -----------------------------------------------------------------------------------------


def host_of(scene: Scene, end: str) -> Host:
    """Return the scene's "source", "destination" or "third" host."""
    host = getattr(scene, end)
    assert isinstance(host, Host)
    return host


def _freeze(scene: Scene, process: ProcessId) -> None:
    faults.pause(process)
    scene.on_heal(lambda: process.send(signal.SIGCONT))
