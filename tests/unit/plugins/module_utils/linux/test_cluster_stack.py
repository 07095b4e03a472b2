# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Cluster software is found by its process and asked by its command."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._linux import system_command
from ansible_collections.drover.libvirt.plugins.module_utils._linux.cluster_stack import (
    read_cluster_stack,
)

CIB = """<cib have-quorum="1"><configuration><resources>
<primitive id="vm-web1" class="ocf" provider="heartbeat" type="VirtualDomain">
<instance_attributes id="a"><nvpair id="b" name="config" value="{path}"/></instance_attributes>
</primitive></resources></configuration></cib>"""


@contextmanager
def running(directory: Path, name: str) -> Iterator[None]:
    """Run a process of some name."""
    program = directory / name
    shutil.copy(shutil.which("sleep") or "/bin/sleep", program)
    process = subprocess.Popen([str(program), "60"])
    try:
        # The kernel gives a process its new name a moment after Popen has returned.
        while Path(f"/proc/{process.pid}/comm").read_text().strip() != name[:15]:
            time.sleep(0.01)
        yield
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory that is the only one in which commands are looked for."""
    directory = tmp_path / "bin"
    directory.mkdir()
    monkeypatch.setenv("PATH", str(directory))
    monkeypatch.setattr(system_command, "_PLACES", ())
    return directory


def command(directory: Path, name: str, text: str) -> None:
    """Make a command that prints a text."""
    script = directory / name
    script.write_text(f"#!/bin/sh\n/bin/cat <<'END'\n{text}\nEND\n")
    script.chmod(0o755)


def test_without_cluster_software_there_is_nothing(commands: Path) -> None:
    """Commands that are installed prove nothing, if no daemon runs."""
    command(commands, "cibadmin", CIB)
    assert read_cluster_stack().running == ""


def test_pacemaker_names_the_vms_that_it_manages(tmp_path: Path, commands: Path) -> None:
    """By the name in the definition that the resource points to."""
    definition = tmp_path / "some-file.xml"
    definition.write_text("<domain><name>web1</name></domain>")
    command(commands, "cibadmin", CIB.format(path=definition))
    with running(tmp_path, "pacemakerd"):
        stack = read_cluster_stack()
    assert (stack.running, stack.quorate) == ("Pacemaker", True)
    assert stack.managed == {"web1": "vm-web1"}


def test_pacemaker_that_cannot_be_asked_is_a_problem(tmp_path: Path, commands: Path) -> None:
    """It is not taken for one that manages nothing."""
    with running(tmp_path, "pacemakerd"):
        stack = read_cluster_stack()
    assert (stack.running, stack.quorate) == ("Pacemaker", None)
    assert "cibadmin is missing" in stack.problem


def test_corosync_alone_tells_its_quorum(tmp_path: Path, commands: Path) -> None:
    """It manages no VMs."""
    command(commands, "corosync-quorumtool", "Quorate: No")
    with running(tmp_path, "corosync"):
        stack = read_cluster_stack()
    assert (stack.running, stack.quorate, dict(stack.managed)) == ("Corosync", False, {})
