# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pid 1 of a lab host: mounts what is its own, starts the daemons, reaps, keeps watch.

Watch is kept over the load, which the host's /proc shows, and over the heartbeats of its guests.

Started in new namespaces as ``python3 -m tests.lab.boot LAB SLOT NUMBER CPUS MEMORY_MIB``, with
the network devices already there; it begins when a line comes on standard input, and leaves when
its starter dies before that. SIGTERM is the power button: it shuts the guests down and leaves.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from contextlib import suppress
from pathlib import Path

from tests.lab import mounts
from tests.lab.beats import BEAT_RESOLUTION_S, GUEST_LOGS, BeatRecorder
from tests.lab.command import CLEAN_ENVIRONMENT
from tests.lab.hardware import Hardware, Usage, changing_files, write_tree
from tests.lab.layout import GUEST, INTERFACES, LABS, MANAGEMENT, MIGRATION, SHARED, Layout
from tests.lab.layout import host_name as name_of
from tests.lab.load import LoadFiles, LoadMeter
from tests.lab.power import programs, trouble

#: How a daemon of a host is started, here and after a fault.
DAEMONS = {
    "libvirtd": ("/usr/sbin/libvirtd", "--daemon", "--listen"),
    "sshd": ("/usr/sbin/sshd",),
}
_SHUTDOWN_S = 15.0


def main() -> None:
    """Boot, then run until told to leave."""
    name, slot, number, cpus, memory_mib = sys.argv[1:]
    layout, hardware = Layout(name, int(slot)), Hardware(int(cpus), int(memory_mib))
    if not sys.stdin.readline():
        sys.exit("the controller left before the network was ready")
    socket.sethostname(name_of(int(number)))
    files = _mount_all(layout, layout.host_root(name_of(int(number))), hardware)
    _power_on_self_test()
    _configure_network(layout, int(number))
    _run(files)


def _power_on_self_test() -> None:
    """Let the hardware take its time, or fail: then the host has power, and nothing runs."""
    while trouble.has(trouble.NO_BOOT):
        time.sleep(0.2)
    time.sleep(trouble.seconds(trouble.SLOW_BOOT))


def _run(files: LoadFiles) -> None:
    meter = LoadMeter()
    files.update(meter.usage())
    for argv in DAEMONS.values():
        subprocess.Popen(argv, env=CLEAN_ENVIRONMENT, stdin=subprocess.DEVNULL)
    # libvirt waits until a killed QEMU is reaped, so do it at once
    signal.signal(signal.SIGCHLD, lambda *_: _reap())
    signal.signal(signal.SIGTERM, lambda *_: _shut_down())
    _reap()
    beats = BeatRecorder(GUEST_LOGS)
    while True:
        for _round in range(round(1 / BEAT_RESOLUTION_S)):
            time.sleep(BEAT_RESOLUTION_S)
            beats.record(time.time())
        files.update(meter.usage())


def _mount_all(layout: Layout, root: Path, hardware: Hardware) -> LoadFiles:
    os.chdir("/")
    _forget_other_labs(layout)
    mounts.detach(Path("/sys"))
    mounts.sysfs(Path("/sys"))
    for directory in ("etc", "var"):
        mounts.overlay(Path("/", directory), root / directory, root / "work" / directory)
    mounts.bind(root / "root", Path("/root"))
    files = _mount_hardware(root / "hardware", hardware)
    for directory, mode in (("/run", 0o755), ("/tmp", 0o1777), ("/dev/shm", 0o1777)):
        mounts.tmpfs(Path(directory), mode)
    for directory in ("sshd", "lock", "libvirt"):
        Path("/run", directory).mkdir()
    programs.install(Path("/run"))
    _mount_shared(layout)
    return files


def _forget_other_labs(layout: Layout) -> None:
    """Drop the mounts of other labs, which were inherited and would be kept alive."""
    for point in reversed(mounts.mount_points()):
        if LABS in point.parents and layout.root not in point.parents:
            mounts.detach(point)


def _mount_hardware(directory: Path, hardware: Hardware) -> LoadFiles:
    write_tree(directory, hardware)
    boot_id = directory / "boot_id"
    boot_id.write_text(f"{uuid.uuid4()}\n")
    files = LoadFiles(directory, hardware)
    mounts.bind(boot_id, Path("/proc/sys/kernel/random/boot_id"))
    mounts.bind(directory / "proc/cpuinfo", Path("/proc/cpuinfo"))
    for kind in ("cpu", "node"):
        mounts.bind(directory / kind, Path("/sys/devices/system", kind))
    for name in changing_files(hardware, Usage(), 0):
        if name.startswith("proc/"):
            mounts.bind(directory / name, Path("/", name))
    return files


def _mount_shared(layout: Layout) -> None:
    """Take the shared storage to its place, and hide the lab's own files with an empty /srv."""
    waiting = Path("/run/srv")
    waiting.mkdir()
    mounts.tmpfs(waiting, 0o755)
    (waiting / SHARED.name).mkdir()
    if not trouble.has(trouble.NO_STORAGE):
        mounts.move(layout.shared, waiting / SHARED.name)
    mounts.move(waiting, SHARED.parent)
    waiting.rmdir()


def _configure_network(layout: Layout, number: int) -> None:
    management, migration, uplink = (INTERFACES[n] for n in (MANAGEMENT, MIGRATION, GUEST))
    lines = [
        "link set lo up",
        "link add br0 type bridge forward_delay 0",
        f"link set {uplink} master br0",
        f"link set br0 address {layout.mac(GUEST, number)}",
        f"address add {layout.address(MANAGEMENT, number)}/24 broadcast + dev {management}",
        f"address add {layout.address(MIGRATION, number)}/24 broadcast + dev {migration}",
        f"address add {layout.address(GUEST, number)}/24 broadcast + dev br0",
        *(f"link set {device} up" for device in (management, migration, uplink, "br0")),
    ]
    subprocess.run(["ip", "-batch", "-"], input="\n".join(lines), text=True, check=True)


def _reap() -> None:
    """Take note of ended children, those of others and our own."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def _shut_down() -> None:
    """Press the power button of every guest, wait a while, leave: the kernel ends the rest."""
    if trouble.has(trouble.DEAF):
        return
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for guest in _running_guests():
        _virsh("shutdown", guest)
    deadline = time.monotonic() + _SHUTDOWN_S
    while _running_guests() and time.monotonic() < deadline:
        time.sleep(0.2)
    while trouble.has(trouble.STUCK):
        _end_all_others()
        time.sleep(0.2)
    os._exit(0)


def _end_all_others() -> None:
    """Kill what else runs in this host."""
    with suppress(ProcessLookupError):
        os.kill(-1, signal.SIGKILL)


def _running_guests() -> list[str]:
    return _virsh("list", "--name").split()


def _virsh(*words: str) -> str:
    argv = ["virsh", "--quiet", "--connect", "qemu:///system", *words]
    result = subprocess.run(
        argv, env=CLEAN_ENVIRONMENT, capture_output=True, text=True, timeout=10, check=False
    )
    return result.stdout


if __name__ == "__main__":
    main()
