# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The callback `brief` and `drover run`, at a terminal and without one, on real hosts."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lab.controller import Controller, until
from tests.lab.lab import Lab
from tests.lab.playbook import ROOT, environment

pytestmark = pytest.mark.lab

DROVER = Path(sys.executable).with_name("drover")
ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def drover(lab: Lab, *arguments: str) -> list[str]:
    """Return a command."""
    return [str(DROVER), "run", *arguments, "-i", str(lab.inventory_path)]


def view(**more: str) -> dict[str, str]:
    """Return an environment in which the tree's collection is found."""
    return {**environment(), "PATH": f"{DROVER.parent}:{os.environ['PATH']}", **more}


def at_a_terminal(command: list[str]) -> tuple[int, str]:
    """Run a command on a terminal; return its exit code and all that was written there."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(ROOT)
        os.execvpe(command[0], command, view(TERM="xterm", COLUMNS="120"))
    said = b""
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:
            break
        if not part:
            break
        said += part
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), said.decode()


@pytest.fixture
def cluster(blank_cluster: Lab) -> Lab:
    """Two VMs on kvm2, one of which takes some seconds to move."""
    blank_cluster.start_guest("web1", "kvm2", memory_mib=256, fill_mib=200, dirty_mib_s=1)
    blank_cluster.start_guest("db1", "kvm2")
    return blank_cluster


def test_an_evacuation_at_a_terminal(cluster: Lab) -> None:
    """Headline, plan, a bar for the migration under way, its end, the outcome; no headings, nothing skipped."""
    slow = '{"bandwidth_mib_s": 25}'
    code, said = at_a_terminal(drover(cluster, "evacuate", "kvm2", "--migration", slow))
    text = ESCAPES.sub("", said)
    assert code == 0, text
    assert "drover.libvirt.evacuate -e drover_hosts=kvm2" in text
    assert "Empty kvm2 for maintenance." in text
    assert "2 migrations empty kvm2." in text
    assert re.search(r"web1 +kvm2 → kvm\d +━+ *\d+ % +\d+ MiB/s, pass \d+, about \d+ s left", text)
    assert re.search(r"web1: kvm2 → kvm\d done \[\d/2\]", text)
    assert "2 of 2 migrations succeeded" in text
    assert "kvm2 is empty and in maintenance. 2 VMs moved: " in text
    assert text.rstrip().splitlines()[-1].startswith("The run took ")
    assert "TASK [" not in text
    assert "skipping" not in text


def test_a_check_without_a_terminal(cluster: Lab) -> None:
    """Plain lines, of which none moves a cursor; nothing is changed, and nobody is kept out meanwhile."""
    done = subprocess.run(
        drover(cluster, "evacuate", "kvm2", "--check", "-v"),
        env=view(),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "\x1b" not in done.stdout
    assert "kvm1: Lock the cluster: skipped" in done.stdout
    assert "kvm2: Lock the cluster on every host: skipped" in done.stdout
    assert "Empty kvm2 for maintenance (check only)." in done.stdout
    assert "Nothing was changed. 2 migrations are planned, predicted to take " in done.stdout
    assert "2 migrations empty kvm2." in done.stdout
    assert {place.host for place in cluster.where("web1")} == {"kvm2"}


def test_a_refusal_is_one_sentence(cluster: Lab) -> None:
    """With its remedy, and Ansible's exit code."""
    done = subprocess.run(
        drover(cluster, "evacuate", "kvm9"),
        env=view(),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 2
    assert (
        "FAILED: Name the hosts with -e drover_hosts=HOST[,HOST...]. Asked for: kvm9."
        in done.stdout
    )
    assert "Origin:" not in done.stdout + done.stderr


def test_watching_what_somebody_else_runs(cluster: Lab) -> None:
    """The progress of the other's execution, and that it has ended; without any, that nothing runs."""
    slow = '{"drover_migration": {"bandwidth_mib_s": 12}}'
    other = Controller(cluster, "drover.libvirt.evacuate", "-e", "drover_hosts=kvm2", "-e", slow)
    until(lambda: bool(re.search(r"web1: kvm2 → kvm\d started", other.output())))
    code, said = at_a_terminal(drover(cluster, "watch"))
    text = ESCAPES.sub("", said)
    assert code == 0, text
    assert "Running: evacuate kvm2, started by " in text
    assert re.search(r"web1 +kvm2 → kvm\d +━+ *\d+ % ", text)
    assert "What ran has ended." in text
    assert other.wait().code == 0
    code, said = at_a_terminal(drover(cluster, "watch"))
    assert code == 0
    assert "Nothing is running." in said
