# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's command line: ``python -m tests.lab up|down|status|shell|inventory``."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from typing import TypeAlias

import libvirt

from tests.lab.beats import last_beat_s
from tests.lab.errors import LabError
from tests.lab.lab import Lab

Subparsers: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
DEFAULT_NAME = "drover"


def main(argv: list[str] | None = None) -> int:
    """Run one command; return the exit code."""
    options = _parser().parse_args(argv)
    try:
        options.run(options)
    except (LabError, ValueError, libvirt.libvirtError) as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.lab", description=__doc__)
    commands = parser.add_subparsers(required=True)
    up = _command(commands, "up", _up, "make a lab, or find it")
    up.add_argument("--hosts", type=int, default=4)
    up.add_argument("--cpus", type=int, default=4, help="CPUs that each host shows")
    up.add_argument("--memory-mib", type=int, default=8192, help="memory that each host shows")
    up.add_argument("--guests", type=int, default=0, help="tiny guests to start, vm1, vm2, ...")
    up.add_argument("--linux-guest", action="store_true", help="start linux1, with its TCP echo")
    up.add_argument("--fresh", action="store_true", help="do not reuse a lab of this name")
    _command(commands, "down", _down, "remove a lab")
    _command(commands, "status", _status, "show hosts and guests")
    _command(commands, "inventory", _inventory, "print the path of the Ansible inventory")
    shell = _command(commands, "shell", _shell, "open a shell on a host, or run a command there")
    shell.add_argument("host")
    shell.add_argument("command", nargs=argparse.REMAINDER)
    return parser


def _command(
    commands: Subparsers, name: str, run: Callable[[argparse.Namespace], None], text: str
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=text)
    parser.add_argument("--name", default=DEFAULT_NAME, help="name of the lab")
    parser.set_defaults(run=run)
    return parser


def _up(options: argparse.Namespace) -> None:
    began = time.monotonic()
    lab = Lab.up(
        options.name,
        options.hosts,
        cpus=options.cpus,
        memory_mib=options.memory_mib,
        reuse=not options.fresh,
    )
    _start_guests(lab, options.guests)
    if options.linux_guest and not lab.where("linux1"):
        lab.start_linux_guest("linux1", host="kvm1")
    print(f"lab {lab.name} is up after {time.monotonic() - began:.1f} s")
    print(f"inventory: {lab.inventory_path}")
    print(f"ssh -F {lab.ssh_config} kvm1")


def _start_guests(lab: Lab, count: int) -> None:
    hosts = list(lab.hosts)
    for number in range(count):
        name = f"vm{number + 1}"
        if not lab.where(name):
            lab.start_guest(name, hosts[number % len(hosts)], fill_mib=16, autostart=True)


def _down(options: argparse.Namespace) -> None:
    try:
        Lab.attach(options.name).down()
    except LabError:
        print(f"there is no lab {options.name}")


def _status(options: argparse.Namespace) -> None:
    lab = Lab.attach(options.name)
    for host in lab.hosts.values():
        capacity = f"{host.hardware.cpus} CPUs, {host.hardware.memory_mib} MiB"
        power = "on" if host.is_on else "off"
        print(f"{host.name:8} {power:4} {host.address:14} {host.migration_address:14} {capacity}")
    for name, places in lab.guests().items():
        beat_s = last_beat_s(lab.heartbeats(name))
        age = "no beat" if beat_s is None else f"last beat {time.time() - beat_s:.1f} s ago"
        where = ", ".join(f"{place.host} {place.state}" for place in places)
        print(f"{name:16} {where:24} {age}")


def _inventory(options: argparse.Namespace) -> None:
    print(Lab.attach(options.name).inventory_path)


def _shell(options: argparse.Namespace) -> None:
    lab = Lab.attach(options.name)
    if options.host not in lab.hosts:
        raise LabError(f"lab {lab.name} has no host {options.host}; it has {', '.join(lab.hosts)}")
    os.execvp("ssh", ["ssh", "-F", str(lab.ssh_config), options.host, *options.command])


if __name__ == "__main__":
    sys.exit(main())
