# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host of libvirt's own test driver: real libvirt, in this process, with a VM, a pool and a network."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.plugins.driver_node import NODE


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Any]:
    """A connection to a host with the running VM vm1."""
    libvirt = pytest.importorskip("libvirt")
    (tmp_path / "node.xml").write_text(NODE)
    libvirt.registerErrorHandler(lambda _context, _error: None, None)
    connection = libvirt.open(f"test://{tmp_path}/node.xml")
    yield connection
    with contextlib.suppress(libvirt.libvirtError):
        connection.close()


@pytest.fixture
def failing() -> Callable[[str], Exception]:
    """Return what makes an error of libvirt with one of its codes."""
    libvirt = pytest.importorskip("libvirt")

    def make(code: str) -> Exception:
        error: Exception = libvirt.libvirtError(code)
        number = getattr(libvirt, code)
        error.err = (number, libvirt.VIR_FROM_NONE, code, 2, None, None, None, -1, -1)  # type: ignore[attr-defined]
        return error

    return make


@pytest.fixture
def vm(host: Any) -> Any:
    """The VM."""
    return host.lookupByName("vm1")
