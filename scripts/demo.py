# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The main job before your eyes: empties a real libvirt host and puts it back, while a TCP client
talks to one of its VMs."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.lab.beats import Continuity
from tests.lab.echo_client import EchoClient, EchoRecord
from tests.lab.errors import ContinuityError
from tests.lab.lab import Lab
from tests.lab.playbook import ROOT, command, environment

LAB = "demo"
HOST = "kvm2"
SERVER = "web1"
PAGE = ROOT / "tests" / "output" / "demo.html"
# VMs on the host that is emptied, beside the server; and some elsewhere, so that the other hosts
# are not bare.
ON_HOST = tuple(f"vm{number}" for number in range(1, 9))
ELSEWHERE = {"db1": "kvm1", "db2": "kvm3"}


def main() -> int:
    """Return 0 when every VM runs exactly once at the end and the client's connection stood."""
    options = _options()
    say("Bringing up the lab")
    lab = Lab.up(LAB, options.hosts, reuse=False)
    try:
        address, port = _start_vms(lab)
        code = _main_job(lab, address, port)
    finally:
        if options.keep:
            _say_how_to_go_on(lab)
        else:
            say("Taking the lab down")
            lab.down()
    return code


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--hosts", type=int, default=4, choices=range(3, 9), help="hosts of the cluster"
    )
    parser.add_argument("--keep", action="store_true", help="leave the lab up")
    return parser.parse_args()


def say(text: str) -> None:
    """Print a headline."""
    print(f"\n=== {text}", flush=True)


def _start_vms(lab: Lab) -> tuple[str, int]:
    say(
        f"Starting {len(ON_HOST) + 1} VMs on {HOST}, {len(ELSEWHERE)} elsewhere; "
        f"{SERVER} is a Linux with a TCP service"
    )
    server = lab.start_linux_guest(SERVER, HOST, autostart=True)
    for number, name in enumerate(ON_HOST):
        lab.start_guest(name, HOST, dirty_mib_s=number % 3, autostart=True)
    for name, host in ELSEWHERE.items():
        lab.start_guest(name, host)
    return server.address, server.port


def _main_job(lab: Lab, address: str, port: int) -> int:
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    failed = []
    with EchoClient(address, port) as client:
        for title, playbook, *arguments in (
            ("The cluster before", "drover.libvirt.status"),
            (
                f"Emptying {HOST}",
                "drover.libvirt.evacuate",
                *("-e", f"drover_hosts={HOST}", "-e", f"drover_report={PAGE}"),
            ),
            ("The cluster now", "drover.libvirt.status"),
            (f"Putting {HOST} back", "drover.libvirt.restore", "-e", f"drover_hosts={HOST}"),
        ):
            say(title)
            done = subprocess.run(command(lab, playbook, *arguments), env=_view(), check=False)
            if done.returncode:
                failed.append(f"{playbook} ended with code {done.returncode}")
        seen = client.record()
    return _report(lab, seen, failed)


def _view() -> dict[str, str]:
    """Return an environment in which playbooks are shown as `drover run` shows them, in colours on a terminal."""
    return {
        **environment(),
        "ANSIBLE_NOCOLOR": "" if sys.stdout.isatty() else "1",
        "ANSIBLE_STDOUT_CALLBACK": "drover.libvirt.brief",
    }


def _report(lab: Lab, seen: EchoRecord, failed: list[str]) -> int:
    say("What was seen from outside")
    for name in (*ON_HOST, *ELSEWHERE):
        try:
            print(f"{name:5} ran exactly once all the time; {_beats(lab.check_ran_once(name))}")
        except ContinuityError as error:
            failed.append(f"{name}: {error}")
    for name, places in lab.guests().items():
        if [place.state for place in places] != ["running"]:
            failed.append(f"{name} is {places}")
    gap = f"longest gap between two answers {seen.longest_gap_s * 1000:.0f} ms"
    print(f"{SERVER}: one TCP connection, {seen.received} answers to {seen.sent} lines, {gap}")
    if seen.broken:
        failed.append(f"the client's connection to {SERVER} broke: {seen.broken}")
    print(f"The page of the evacuation: {PAGE}")
    for reason in failed:
        print(f"FAILED: {reason}")
    if not failed:
        print("\nEvery VM runs exactly once, and the client's connection never broke.")
    return 1 if failed else 0


def _beats(continuity: Continuity) -> str:
    return f"longest gap between two heartbeats {continuity.longest_gap_s * 1000:.0f} ms"


def _say_how_to_go_on(lab: Lab) -> None:
    say("The lab is left up")
    print(
        f"export ANSIBLE_COLLECTIONS_PATH={ROOT}/.collections PATH={ROOT}/.venv/bin:$PATH\n"
        f"drover run status -i {lab.inventory_path}\n"
        f"drover run evacuate kvm1 -i {lab.inventory_path} --check --diff\n"
        f"ssh -F {lab.ssh_config} kvm1 virsh list\n"
        f"make lab-down LAB={LAB}"
    )


if __name__ == "__main__":
    sys.exit(main())
