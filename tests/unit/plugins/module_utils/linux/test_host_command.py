# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A script runs on the host that a connection URI names, by the way that the URI names."""

from __future__ import annotations

import shlex
import subprocess
import sys

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._linux.host_command import python_on

SCRIPT = "import sys; print(sys.argv[1:], 'it''s')"


def test_on_this_host_it_runs_at_once() -> None:
    """The arguments arrive as they are."""
    command = python_on("qemu:///system", SCRIPT, "a b", "$c")
    assert command is not None
    assert command[0] == sys.executable
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "['a b', '$c'] its\n"


def test_on_another_host_it_goes_by_the_ssh_of_the_uri() -> None:
    """User, port and key are the URI's; what the shell there reads is the same script."""
    uri = "qemu+ssh://op%40x@kvm2:2222/system?keyfile=/k&no_verify=1"
    command = python_on(uri, SCRIPT, "it's")
    assert command is not None
    assert command[0] == "ssh"
    for words in ("-p 2222", "-l op@x", "-i /k", "StrictHostKeyChecking=no", "BatchMode=yes"):
        assert words in " ".join(command)
    assert command[-2] == "kvm2"
    assert shlex.split(command[-1]) == ["python3", "-c", SCRIPT, "it's"]


@pytest.mark.parametrize(
    "uri",
    ["qemu+tls://kvm2/system", "qemu+tcp://kvm2/system", "test:///d", "qemu+ssh://[::1/system"],
)
def test_where_no_ssh_is_named_there_is_no_way(uri: str) -> None:
    """Nothing is tried that the operator has not set up."""
    assert python_on(uri, SCRIPT) is None
