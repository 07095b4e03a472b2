# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a CPU means for the VMs of a host, and that it is put into definitions only."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._baseline.compute import Machine
from ansible_collections.drover.libvirt.plugins.module_utils._baseline.definition import (
    Cpu,
    has_cpu,
)
from ansible_collections.drover.libvirt.plugins.module_utils._baseline.domains import (
    Change,
    apply,
    judge,
)

MACHINE = Machine("/usr/bin/qemu-system-x86_64", "x86_64", "kvm")
WANTED = Cpu("EPYC", "AMD", {})
DEFINITION = """<domain type='{kind}'>
  <name>{name}</name>
  <os>
    <type arch='{arch}'>hvm</type>
  </os>
  <cpu mode='custom' match='exact'>
    <model>{model}</model>
    <vendor>AMD</vendor>
  </cpu>
  <devices>
  </devices>
</domain>
"""


class Vm:
    """A VM with a definition, a live one, and whether it is active and persistent."""

    def __init__(
        self,
        name: str,
        *,
        kind: str = "kvm",
        arch: str = "x86_64",
        model: str = "qemu64",
        live: str | None = None,
        persistent: bool = True,
    ) -> None:
        self._name = name
        words = {"name": name, "kind": kind, "arch": arch}
        self._definition = DEFINITION.format(model=model, **words)
        self._live = None if live is None else DEFINITION.format(model=live, **words)
        self._persistent = persistent
        self.flags: list[int] = []

    def name(self) -> str:
        """Return the name."""
        return self._name

    def isActive(self) -> bool:  # noqa: N802 as libvirt calls it
        """Whether it runs."""
        return self._live is not None

    def isPersistent(self) -> bool:  # noqa: N802 as libvirt calls it
        """Whether it has a definition."""
        return self._persistent

    def XMLDesc(self, flags: int) -> str:  # noqa: N802 as libvirt calls it
        """Return the definition that is asked for."""
        self.flags.append(flags)
        return self._definition if flags or self._live is None else self._live


class Host:
    """A host with VMs, which remembers what was defined."""

    def __init__(self, *vms: Vm) -> None:
        self._vms = vms
        self.defined: list[str] = []

    def listAllDomains(self, _flags: int) -> list[Vm]:  # noqa: N802 as libvirt calls it
        """Return the VMs."""
        return list(self._vms)

    def defineXML(self, definition: str) -> None:  # noqa: N802 as libvirt calls it
        """Define a VM."""
        self.defined.append(definition)


pytestmark = pytest.mark.usefixtures("binding")


@pytest.fixture
def binding() -> Any:
    """The libvirt binding for Python, for its flags."""
    return pytest.importorskip("libvirt")


def test_a_definition_with_another_cpu_is_changed() -> None:
    """In the order of names; one that asks for the CPU already is not."""
    effect = judge(Host(Vm("b"), Vm("a"), Vm("c", model="EPYC")), MACHINE, WANTED, None)
    assert [change.name for change in effect.changes] == ["a", "b"]
    assert all(has_cpu(change.after, WANTED) for change in effect.changes)
    assert (effect.restart, effect.left_out) == ([], {})


def test_the_secrets_of_a_definition_are_read_with_it(binding: Any) -> None:
    """They would be lost when it is defined again."""
    vm = Vm("a")
    judge(Host(vm), MACHINE, WANTED, None)
    assert vm.flags[0] & binding.VIR_DOMAIN_XML_SECURE


def test_a_running_vm_has_its_old_cpu_until_it_is_started_again() -> None:
    """Whether its definition changes or not."""
    effect = judge(
        Host(
            Vm("old", live="qemu64"),
            Vm("defined", model="EPYC", live="qemu64"),
            Vm("new", live="EPYC"),
        ),
        MACHINE,
        WANTED,
        None,
    )
    assert effect.restart == ["defined", "old"]


@pytest.mark.parametrize(
    ("vm", "reason"),
    [
        (Vm("a", kind="qemu"), "it is of type qemu, not kvm"),
        (Vm("a", arch="aarch64"), "it is for aarch64, not x86_64"),
        (
            Vm("a", live="qemu64", persistent=False),
            "it is transient: it has no definition that would outlive it",
        ),
    ],
)
def test_a_vm_to_which_the_cpu_cannot_be_given_is_left_out(vm: Vm, reason: str) -> None:
    """With the reason."""
    effect = judge(Host(vm), MACHINE, WANTED, None)
    assert (effect.changes, effect.left_out) == ([], {"a": reason})


def test_only_the_vms_that_are_meant_are_judged() -> None:
    """Names of VMs that are elsewhere do no harm."""
    effect = judge(Host(Vm("a"), Vm("b")), MACHINE, WANTED, ["b", "elsewhere"])
    assert [change.name for change in effect.changes] == ["b"]


def test_changed_definitions_are_defined_as_they_are() -> None:
    """And nothing else is."""
    host = Host()
    apply(host, [Change("a", "old", "new"), Change("b", "old", "newer")])
    assert host.defined == ["new", "newer"]
