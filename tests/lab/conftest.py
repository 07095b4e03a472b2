# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures: a lab of its own for each test session."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest

from tests.lab.hardware import Hardware
from tests.lab.lab import Lab
from tests.lab.processes import ProcessId


@pytest.fixture(scope="session")
def session_lab() -> Iterator[Lab]:
    """Three hosts of different capacity, with guests of whatever tests came before."""
    if os.geteuid() != 0 or shutil.which("libvirtd") is None:
        pytest.skip("the lab needs root and the packages of tests/lab/packages.txt")
    Lab.sweep()
    owner = ProcessId.of(os.getpid())
    hosts = (Hardware(4, 8192), Hardware(8, 16384), Hardware(4, 8192))
    lab = Lab.up(f"test-{owner.pid}", hosts, owner=owner)
    yield lab
    lab.down()


@pytest.fixture
def lab(session_lab: Lab) -> Iterator[Lab]:
    """The session's lab with all hosts on, all links healed, and no guests."""
    session_lab.reset()
    yield session_lab
    session_lab.reset()


@pytest.fixture(scope="module")
def module_lab(request: pytest.FixtureRequest) -> Iterator[Lab]:
    """Four equal hosts that no other test module uses."""
    owner = ProcessId.of(os.getpid())
    name = request.module.__name__.rpartition("test_")[2].replace("_", "-")
    lab = Lab.up(f"{name}-{owner.pid}", 4, owner=owner)
    yield lab
    lab.down()


@pytest.fixture
def blank_cluster(module_lab: Lab) -> Iterator[Lab]:
    """The module's four hosts, all on, without guests, marks and executions."""
    module_lab.reset()
    for host in module_lab.hosts.values():
        host.run(["rm", "-rf", "/var/lib/drover"])
    yield module_lab
    module_lab.reset()
