# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images in directories of a host, on libvirt's own test driver."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._errors import LibvirtFailed
from ansible_collections.drover.libvirt.plugins.module_utils._libvirt.volumes import (
    create_image,
    directory_pool,
    free_mib,
    has_image,
    remove_image,
)


@pytest.fixture
def pool(host: Any) -> Any:
    """The pool of the host's images; the test driver finds no pool by its path."""
    found = host.storagePoolLookupByName("images")
    if not found.isActive():
        found.create(0)
    return found


def test_an_image_is_made_and_removed(pool: Any) -> None:
    """It is empty, and takes up no space."""
    assert not has_image(pool, "a.raw")
    create_image(pool, "a.raw", "raw", 2.0, None)
    assert has_image(pool, "a.raw")
    _kind, capacity, allocation = pool.storageVolLookupByName("a.raw").info()
    assert (capacity, allocation) == (2 * 1024 * 1024, 0)
    remove_image(pool, "a.raw")
    assert not has_image(pool, "a.raw")


def test_an_image_that_is_there_is_not_made_again(pool: Any) -> None:
    """Its content may be the VM's only one."""
    create_image(pool, "a.raw", "raw", 2.0, None)
    with pytest.raises(LibvirtFailed, match=r"make the image a\.raw"):
        create_image(pool, "a.raw", "raw", 2.0, None)


def test_an_image_that_is_not_there_cannot_be_removed(pool: Any) -> None:
    """The error says what was tried."""
    with pytest.raises(LibvirtFailed, match=r"delete the image b\.raw"):
        remove_image(pool, "b.raw")


def test_free_space_is_told_in_mib(pool: Any) -> None:
    """As much as libvirt says in bytes."""
    assert free_mib(pool) == pool.info()[3] / 1024 / 1024


Failing = Callable[[str], Exception]


class Recording:
    """A pool that keeps what it is asked to make."""

    def __init__(self) -> None:
        self.made = ""

    def createXML(self, xml: str, _flags: int) -> None:  # noqa: N802 as libvirt calls it
        """Keep it."""
        self.made = xml


def test_an_upper_layer_names_what_lies_below() -> None:
    """In a format of this century."""
    pool = Recording()
    create_image(pool, "a.qcow2", "qcow2", 1.5, ("/images/base.raw", "raw"))
    volume = ET.fromstring(pool.made)
    assert volume.findtext("capacity") == str(3 * 512 * 1024)
    assert volume.findtext("target/compat") == "1.1"
    assert volume.findtext("backingStore/path") == "/images/base.raw"
    below = volume.find("backingStore/format")
    assert below is not None
    assert below.get("type") == "raw"


class Host:
    """A host that has a pool for a directory, or none."""

    def __init__(self, error: Any = None) -> None:
        self._error = error
        self.made: list[str] = []
        self.deeds: list[str] = []

    def storagePoolLookupByTargetPath(self, _path: str) -> Host:  # noqa: N802 as libvirt calls it
        """Return the pool."""
        if self._error is not None:
            raise self._error
        return self

    def storagePoolCreateXML(self, xml: str, _flags: int) -> Host:  # noqa: N802 as libvirt calls it
        """Make a pool for the moment."""
        self.made.append(xml)
        return self

    def refresh(self) -> None:
        """Look into the directory."""
        self.deeds.append("refresh")

    def destroy(self) -> None:
        """Take the pool down."""
        self.deeds.append("destroy")


def test_a_pool_of_the_host_is_looked_into_and_left_alone() -> None:
    """It is not ours."""
    host = Host()
    with directory_pool(host, "/images"):
        pass
    assert (host.deeds, host.made) == (["refresh"], [])


def test_a_pool_for_the_moment_is_taken_down_again(failing: Failing) -> None:
    """Also when what is done with it fails; it is never defined, so the files stay."""
    host = Host(failing("VIR_ERR_NO_STORAGE_POOL"))
    with pytest.raises(ValueError, match="mine"), directory_pool(host, "/images"):
        raise ValueError("mine")
    assert host.deeds == ["destroy"]
    assert ET.fromstring(host.made[0]).findtext("target/path") == "/images"


def test_a_host_that_cannot_say_gets_failing(failing: Failing) -> None:
    """Two pools of one directory would be a surprise."""
    host = Host(failing("VIR_ERR_INTERNAL_ERROR"))
    with (
        pytest.raises(LibvirtFailed, match="look into the directory /images"),
        directory_pool(host, "/images"),
    ):
        pass
    assert host.made == []
