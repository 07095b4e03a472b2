# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A VM's definition, its saved memory and the note of its last move, on libvirt's own test driver."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._errors import LibvirtFailed
from ansible_collections.drover.libvirt.plugins.module_utils._facts.last_migration import (
    NAMESPACE,
)
from ansible_collections.drover.libvirt.plugins.module_utils._libvirt import kept
from ansible_collections.drover.libvirt.plugins.module_utils._libvirt.images import (
    define,
    persistent_definition,
    restore_paused,
    save,
    saved_definition,
)
from ansible_collections.drover.libvirt.plugins.module_utils._libvirt.kept import KeptConnections
from ansible_collections.drover.libvirt.plugins.module_utils._libvirt.migration_record import (
    record_migration,
)

TRANSIENT = (
    "<domain type='test'><name>vm2</name><memory>1</memory><os><type>hvm</type></os></domain>"
)


def test_a_definition_goes_from_host_to_host(host: Any, vm: Any) -> None:
    """In the place of an older one."""
    definition = persistent_definition(vm)
    vm.destroy()
    vm.undefine()
    for _time in range(2):
        define(host, definition)
    assert host.lookupByName("vm1").isPersistent()


def test_what_is_no_definition_is_refused(host: Any) -> None:
    """With libvirt's words."""
    with pytest.raises(LibvirtFailed, match="define the VM"):
        define(host, "<domain/>")


def test_the_saved_memory_of_a_vm_is_read_back(host: Any, vm: Any, tmp_path: Path) -> None:
    """QEMU ends with the save, and the image has the definition of the VM."""
    image = str(tmp_path / "vm1.saved")
    save(vm, image)
    assert not vm.isActive()
    assert "<name>vm1</name>" in saved_definition(host, image)


class Restoring:
    """A host that can restore a VM paused; the test driver cannot."""

    def __init__(self) -> None:
        self.asked: tuple[Any, ...] = ()

    def restoreFlags(self, *asked: Any) -> None:  # noqa: N802 as libvirt calls it
        """Keep what is asked."""
        self.asked = asked


def test_a_restored_vm_stands_still() -> None:
    """Nothing runs before somebody says so, and the definition is the image's own."""
    libvirt = pytest.importorskip("libvirt")
    host = Restoring()
    restore_paused(host, "/s/vm1")
    assert host.asked == ("/s/vm1", None, libvirt.VIR_DOMAIN_SAVE_PAUSED)


def test_what_is_no_image_is_neither_read_nor_restored(host: Any, tmp_path: Path) -> None:
    """A half-written one looks like that."""
    image = tmp_path / "vm1.part"
    image.write_text("half")
    with pytest.raises(LibvirtFailed, match="read the saved image"):
        saved_definition(host, str(image))
    with pytest.raises(LibvirtFailed, match="restore the VM from"):
        restore_paused(host, str(image))


def test_a_vm_that_cannot_be_saved_is_named(vm: Any, tmp_path: Path) -> None:
    """It runs on."""
    with pytest.raises(LibvirtFailed, match="save the VM vm1"):
        save(vm, str(tmp_path / "nowhere" / "vm1"))
    assert vm.isActive()


class Held:
    """A connection that stays open, so that a test can look at what was written."""

    def __init__(self, host: Any) -> None:
        self._host = host
        self.closed = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._host, name)

    def close(self) -> None:
        """Note it."""
        self.closed = True


@pytest.fixture
def held(host: Any, monkeypatch: pytest.MonkeyPatch) -> Held:
    """The connection that the note is written over."""
    connection = Held(host)
    monkeypatch.setattr(kept, "open_connection", lambda _uri: connection)
    return connection


LIVE, CONFIG = 1, 2


def noted(vm: Any, flags: int) -> str:
    """Return the note in one of a VM's definitions."""
    return str(vm.metadata(2, NAMESPACE, flags))


def test_a_move_is_noted_in_both_definitions(held: Held, vm: Any) -> None:
    """The next plan reads the one, a restart of the VM keeps the other."""
    record_migration(KeptConnections(), "uri", "vm1", "2026-11-29T10:00:00+00:00", failed=False)
    for flags in (LIVE, CONFIG):
        assert "2026-11-29T10:00:00+00:00" in noted(vm, flags)
    assert not held.closed  # the next migration takes it


def test_a_vm_that_is_off_has_the_note_in_its_only_definition(held: Held, vm: Any) -> None:
    """libvirt refuses to write into one that is not there."""
    vm.destroy()
    record_migration(KeptConnections(), "uri", "vm1", "2026-11-29T10:00:00+00:00", failed=True)
    assert "2026-11-29T10:00:00+00:00" in noted(vm, CONFIG)


def test_a_transient_vm_has_the_note_as_long_as_it_runs(held: Held) -> None:
    """It has no other definition."""
    made = held.createXML(TRANSIENT, 0)
    record_migration(KeptConnections(), "uri", "vm2", "2026-11-29T10:00:00+00:00", failed=False)
    assert noted(made, LIVE)


def test_a_vm_that_is_gone_is_told_and_the_connection_closed(held: Held) -> None:
    """It was removed meanwhile."""
    with pytest.raises(LibvirtFailed, match="when it moved"):
        record_migration(KeptConnections(), "uri", "vm9", "2026-11-29T10:00:00+00:00", failed=False)
    assert held.closed
