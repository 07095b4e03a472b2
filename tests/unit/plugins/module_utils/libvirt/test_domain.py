# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read of a VM and done to it, on libvirt's own test driver."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._errors import (
    DomainNotFound,
    LibvirtFailed,
)
from ansible_collections.drover.libvirt.plugins.module_utils._facts.end_state import EndState
from ansible_collections.drover.libvirt.plugins.module_utils._facts.handover import HandoverMark
from ansible_collections.drover.libvirt.plugins.module_utils._libvirt import domain as domains
from ansible_collections.drover.libvirt.plugins.module_utils._libvirt.handover_mark import (
    clear_mark,
    read_mark,
    set_mark,
)

UUID = "0c9ba2b7-96a7-4b5c-9b22-3a1f3f0d1d1f"
OTHER = "0c9ba2b7-0000-4b5c-9b22-3a1f3f0d1d1f"
TRANSIENT = (
    "<domain type='test'><name>vm2</name><memory>1</memory><os><type>hvm</type></os></domain>"
)


def test_a_vm_is_found_by_its_uuid_before_its_name(host: Any) -> None:
    """None where the host does not know it."""
    assert domains.find_domain(host, UUID).name() == "vm1"
    assert domains.find_domain(host, None, "vm1").UUIDString() == UUID
    assert domains.find_domain(host, OTHER, "vm1") is None
    assert domains.find_domain(host, None, "vm9") is None


def test_a_host_that_does_not_answer_has_no_word_on_a_vm(host: Any) -> None:
    """An error is not an absence."""
    host.close()
    with pytest.raises(LibvirtFailed):
        domains.find_domain(host, UUID)
    with pytest.raises(LibvirtFailed):
        domains.read_end_state(host, UUID)


def test_the_state_of_a_running_vm(host: Any, vm: Any) -> None:
    """With its definition, its autostart and its mark."""
    vm.setAutostart(1)
    set_mark(vm, HandoverMark(autostart=True))
    state = domains.read_end_state(host, UUID)
    assert (state.state, state.persistent, state.autostart) == ("running", True, True)
    assert state.mark == HandoverMark(autostart=True)


def test_a_vm_that_is_not_there_is_absent(host: Any) -> None:
    """It is looked for twice, for it may come back while it is read."""
    assert domains.read_end_state(host, OTHER) == EndState()


def test_a_transient_vm_starts_with_no_host(host: Any) -> None:
    """libvirt is not even asked, for it would refuse to say."""
    made = host.createXML(TRANSIENT, 0)
    state = domains.read_end_state(host, made.UUIDString())
    assert (state.persistent, state.autostart) == (False, False)


def test_a_vm_that_does_not_say_whether_libvirt_works_on_it_counts_as_busy(host: Any) -> None:
    """The test driver has no jobs, as a QEMU has no time."""
    assert domains.read_end_state(host, UUID, with_job=True).busy
    assert not domains.read_end_state(host, UUID).busy


def test_a_vm_without_qemu_is_not_busy(host: Any, vm: Any) -> None:
    """Nothing works on it."""
    vm.destroy()
    state = domains.read_end_state(host, UUID, with_job=True)
    assert (state.state, state.busy, state.mark) == ("shutoff", False, None)


def test_the_facts_of_a_vm_that_is_off(host: Any, vm: Any) -> None:
    """No job is asked for."""
    vm.destroy()
    facts = domains.read_facts(host, "vm1", None, "h1")
    assert (facts.name, facts.uuid, facts.memory_mib, facts.job) == ("vm1", UUID, 64, None)
    assert (facts.snapshots, facts.managed_save) == (0, False)
    assert "<name>vm1</name>" in facts.live_xml


@pytest.mark.parametrize(("name", "uuid"), [("vm9", None), ("vm1", OTHER)])
def test_a_vm_that_nobody_has_is_named(host: Any, name: str, uuid: str | None) -> None:
    """A VM of the same name with another UUID is another VM."""
    with pytest.raises(DomainNotFound, match=f"There is no VM {name} on h1"):
        domains.read_facts(host, name, uuid, "h1")


def test_a_vm_is_stopped_and_let_run(host: Any, vm: Any) -> None:
    """Its state follows."""
    assert domains.is_running(vm)
    domains.suspend(vm)
    state = domains.read_end_state(host, UUID)
    assert (state.state, state.reason, domains.is_running(vm)) == ("paused", "user", False)
    domains.resume(vm)
    assert domains.is_running(vm)


def test_what_does_not_run_cannot_be_resumed(vm: Any) -> None:
    """The error says what was tried."""
    vm.destroy()
    with pytest.raises(LibvirtFailed, match="resume the VM vm1"):
        domains.resume(vm)


def test_ending_what_has_ended_is_no_error(host: Any, vm: Any) -> None:
    """Another process may have been faster; the definition stays."""
    domains.destroy(vm)
    domains.destroy(vm)
    assert domains.read_end_state(host, UUID).persistent
    made = host.createXML(TRANSIENT, 0)
    domains.destroy(made)
    domains.destroy(made)


class Defined:
    """A VM of a driver that can keep what belongs to a VM; the test driver cannot."""

    def __init__(self, error: Exception | None = None) -> None:
        self.flags = 0
        self._error = error

    def name(self) -> str:
        """Return its name."""
        return "vm1"

    def undefineFlags(self, flags: int) -> None:  # noqa: N802 as libvirt calls it
        """Remove the definition."""
        self.flags = flags
        if self._error is not None:
            raise self._error


def test_a_definition_is_removed_and_nothing_that_belongs_to_the_vm() -> None:
    """Its firmware variables and its TPM may be shared with the host that runs it now."""
    libvirt = pytest.importorskip("libvirt")
    vm = Defined()
    domains.undefine(vm)
    assert vm.flags & libvirt.VIR_DOMAIN_UNDEFINE_KEEP_NVRAM
    assert not vm.flags & (
        libvirt.VIR_DOMAIN_UNDEFINE_NVRAM | libvirt.VIR_DOMAIN_UNDEFINE_MANAGED_SAVE
    )


def test_a_definition_that_is_gone_needs_no_removal(failing: Callable[[str], Exception]) -> None:
    """Any other refusal is told."""
    domains.undefine(Defined(failing("VIR_ERR_NO_DOMAIN")))
    with pytest.raises(LibvirtFailed, match="undefine the VM vm1"):
        domains.undefine(Defined(failing("VIR_ERR_OPERATION_INVALID")))


def test_autostart_is_set_and_taken_away(host: Any, vm: Any) -> None:
    """Both ways."""
    domains.set_autostart(vm, True)
    assert domains.read_end_state(host, UUID).autostart
    domains.set_autostart(vm, False)
    assert not domains.read_end_state(host, UUID).autostart


def test_a_qemu_that_does_not_answer_is_taken_for_dead(vm: Any) -> None:
    """libvirt notices the end of one only later."""
    with pytest.raises(LibvirtFailed, match="speak with the QEMU of the VM vm1"):
        domains.refuse_dead(vm)


MARKS = [
    HandoverMark(),
    HandoverMark(
        defined_before=True,
        persistent=False,
        autostart=True,
        paused=True,
        waits=False,
        decided=True,
    ),
]


@pytest.mark.parametrize("mark", MARKS)
def test_a_mark_is_read_as_it_was_written(vm: Any, mark: HandoverMark) -> None:
    """A newer one takes the place of an older one."""
    set_mark(vm, HandoverMark(autostart=True))
    set_mark(vm, mark)
    assert read_mark(vm) == mark


def test_a_mark_is_taken_away_once(vm: Any) -> None:
    """Without one nothing happens."""
    clear_mark(vm)
    set_mark(vm, HandoverMark())
    clear_mark(vm)
    clear_mark(vm)
    assert read_mark(vm) is None


def test_a_mark_ends_with_its_qemu(vm: Any) -> None:
    """It stands in the live definition only, so no later run of the VM has it."""
    set_mark(vm, HandoverMark())
    vm.destroy()
    assert read_mark(vm) is None
    clear_mark(vm)
    vm.create()
    assert read_mark(vm) is None


def test_what_does_not_run_cannot_be_marked(vm: Any) -> None:
    """A migration of it would not be known to be ours."""
    vm.destroy()
    with pytest.raises(LibvirtFailed, match="mark the VM vm1"):
        set_mark(vm, HandoverMark())
