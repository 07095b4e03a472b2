#!/usr/bin/python
# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Facts of one libvirt host and its VMs."""

from __future__ import annotations

DOCUMENTATION = r"""
module: host_info
short_description: Read a libvirt host and its VMs
version_added: 1.0.0
author:
  - The Drover authors (@drover)
description:
  - Reads what decides where virtual machines (libvirt calls them domains) can run and what a migration costs, of the
    host on which the module runs and of all its VMs.
  - The results of all hosts together are the facts that M(drover.libvirt.plan) makes a plan from.
  - The load is the mean since the last reading, from which the host has kept libvirt's counters. Where the last
    reading was less than a minute or more than an hour ago, or a VM has started since, it is measured while all
    else is read.
  - The host keeps samples of its load, about a day of them when it is read every ten minutes, and more when it is
    read less often. A host on which nothing can be written has no history, and says so in a warning.
  - A VM that does not answer, or whose definition is broken, does not keep the others from being reported.
extends_documentation_fragment:
  - drover.libvirt.attributes
  - drover.libvirt.attributes.info_module
  - drover.libvirt.attributes.action_group
  - drover.libvirt.libvirt
options:
  name:
    description:
      - How the cluster calls this host, normally V({{ inventory_hostname }}).
      - By default the host's own name.
    type: str
  migration_network:
    description:
      - The network for migrations, such as V(10.88.1.0/24). The address that this host has there is the one to which
        migrations go.
      - By default the address through which the host is managed.
    type: str
  sample_s:
    description:
      - Seconds over which the load is measured at least, where no history tells it.
    type: float
    default: 1.0
  timeout_s:
    description:
      - Seconds after which the reading is given up, for a libvirt that takes connections but does not answer.
      - A file server that is down, or a QEMU that hangs, takes five seconds and does not end the reading.
    type: float
    default: 60.0
  labels:
    description:
      - Labels of the host, for the selectors of policies.
    type: dict
    default: {}
  marks_directory:
    description:
      - The directory in which this host keeps the maintenance marks of all hosts, as M(drover.libvirt.host_mark)
        writes them.
    type: path
    default: /var/lib/drover/marks
  history_directory:
    description:
      - The directory in which this host keeps the history of its load. Check mode reads it only.
      - When it is empty, the history is neither read nor kept.
    type: path
    default: /var/lib/drover/load
  mark_storage:
    description:
      - Whether to do first what M(drover.libvirt.storage_marker) does without a path. Read all hosts again where one of them tells of
        RV(marked) storage, for the others may have read it before.
    type: bool
    default: false
seealso:
  - module: drover.libvirt.host_mark
  - module: drover.libvirt.storage_marker
"""

EXAMPLES = r"""
- name: Read all hosts and their VMs
  drover.libvirt.host_info:
    name: "{{ inventory_hostname }}"
    migration_network: 10.88.1.0/24
    labels:
      rack: r1
  register: drover_host

- name: Show which VMs cannot be migrated, and why
  ansible.builtin.debug:
    msg: "{{ item.name }}: {{ item.blockers | map(attribute='message') | join(' ') }}"
  loop: "{{ drover_host.domains | selectattr('blockers') }}"
  loop_control:
    label: "{{ item.name }}"
"""

RETURN = r"""
host:
  description:
    - The host. Quantities have their unit in their name.
  returned: success
  type: dict
  sample:
    name: kvm1
    state: up
    vcpus: 32
    memory_mib: 257542
    cpu_usage: 11.4
    memory_used_mib: 181200
    own_use: {cpu_usage: 0.6, memory_mib: 4210}
    history: {age_s: [600.4, 0.0], span_s: [600.1, 600.4], cpu_usage: [9.8, 11.4], memory_used_mib: [181010, 181200],
      own_cpu_usage: [0.4, 0.6], own_memory_mib: [4180, 4210], domains: {}}
    cpu: {arch: x86_64, vendor: AMD, model: EPYC-Milan}
    versions: {libvirt: 9.0.0, qemu: 7.2.22, kernel: 6.1.0-44-amd64}
    migration: {address: 10.88.1.1, network: 10.88.1.0/24, interface: bond1, speed_mbit: 25000, mtu: 9000,
      is_management: false}
  contains:
    name:
      description: How the cluster calls the host.
      type: str
      returned: success
    hostname:
      description: How the host calls itself.
      type: str
      returned: success
    uuid:
      description: The UUID of the host as libvirt knows it.
      type: str
      returned: success
    state:
      description: Always V(up); hosts that cannot be read are told apart on the controller.
      type: str
      returned: success
    maintenance:
      description: Whether the marks on this host say that it is in maintenance.
      type: bool
      returned: success
    labels:
      description: The labels given.
      type: dict
      returned: success
    vcpus:
      description: Number of hardware threads.
      type: int
      returned: success
    memory_mib:
      description: Memory in MiB.
      type: int
      returned: success
    cpu_usage:
      description: Hardware threads that were busy on average.
      type: float
      returned: success
    memory_used_mib:
      description: Memory in use in MiB, without caches that can be dropped.
      type: int
      returned: success
    own_use:
      description:
        - What the host uses beside its VMs, such as for storage services or other tools' VMs.
        - Null where it is not known of a VM what it uses.
      type: dict
      returned: success
      contains:
        cpu_usage:
          description:
            - Hardware threads that were busy on average, without those of VMs.
            - Null where the last reading was less than a minute or more than an hour ago, because reading a host
              takes a good part of a shorter time.
          type: float
          returned: success
        memory_mib:
          description: Memory in MiB, without that of VMs, huge pages, and caches that can be dropped.
          type: int
          returned: success
    history:
      description:
        - The load over time, in columns of equal length, the oldest sample first. C(age_s) is how many seconds ago a
          sample ended, C(span_s) how long it is.
        - Under C(domains) are columns of VMs by UUID, also of those that have left the host.
      type: dict
      returned: unless O(history_directory) is empty
    cpu:
      description: Architecture, vendor and model of the CPU, and the CPU models and features that VMs can have here.
      type: dict
      returned: success
    emulators:
      description: The emulators with their machine types, domain types, and the CPU models that each can offer.
      type: list
      elements: dict
      returned: success
    versions:
      description: Versions of libvirt, QEMU and the kernel.
      type: dict
      returned: success
    bridges:
      description: Linux and Open vSwitch bridges with their MTU.
      type: dict
      returned: when the interfaces can be read
    interfaces:
      description: Names of the interfaces that VMs can be attached to directly (macvtap).
      type: list
      elements: str
      returned: when the interfaces can be read
    networks:
      description: libvirt's networks, whether each is active, and its bridge.
      type: dict
      returned: success
    storage:
      description: Mounts and directories of pools that hold disks of VMs, network file systems, and block devices.
      type: list
      elements: dict
      returned: success
      contains:
        path:
          description: The directory, without symbolic links, or the name of the block device.
          type: str
          returned: success
        source:
          description: What is mounted there, or where the name of the block device leads.
          type: str
          returned: success
        fstype:
          description: Type of the file system, V(block) for block devices.
          type: str
          returned: success
        shared:
          description: Whether libvirt takes this type for shared, and migrates VMs on it without copying their disks.
          type: bool
          returned: success
        identity:
          description: Equal on two hosts if and only if it is the same storage; null when nothing proves that.
          type: str
          returned: success
        evidence:
          description: V(marker) for the file of M(drover.libvirt.storage_marker), V(source) for the source of a network
            file system, V(device) for the World Wide Name or the UUID of a block device, V(none) without an identity.
          type: str
          returned: success
    pools:
      description: libvirt's storage pools.
      type: list
      elements: dict
      returned: success
    migration:
      description: The way on which migrations come to the host.
      type: dict
      returned: when the host has an address there
      contains:
        address:
          description: The host's own address.
          type: str
          returned: success
        network:
          description: The network given in O(migration_network).
          type: str
          returned: success
        interface:
          description: The interface with the address.
          type: str
          returned: success
        speed_mbit:
          description: Its speed in Mbit/s; null where there is no hardware that knows it.
          type: int
          returned: success
        mtu:
          description: Its MTU.
          type: int
          returned: success
        is_management:
          description: Whether the host is managed through the same interface.
          type: bool
          returned: success
    numa:
      description: NUMA cells with their CPUs, memory and free memory.
      type: list
      elements: dict
      returned: success
    hugepages:
      description: Sizes and numbers of huge pages.
      type: list
      elements: dict
      returned: success
    clock_epoch_s:
      description: The time of the host's clock.
      type: float
      returned: success
    marks:
      description: The maintenance marks that this host keeps, by the host they are about.
      type: dict
      returned: success
marked:
  description: The directories that got a marker by this host, or would get one in check mode.
  returned: with O(mark_storage)
  type: list
  elements: str
domains:
  description:
    - All VMs of the host, running or not, by name.
  returned: success
  type: list
  elements: dict
  sample:
    - name: web1
      uuid: 0b0d7e8e-5d5f-4d4e-8f2c-2f8f5b0c3b11
      host: kvm1
      state: running
      state_reason: booted
      vcpus: 4
      memory_mib: 8192
      memory_used_mib: 5120
      cpu_usage: 0.42
      labels: {tier: gold}
      blockers: []
  contains:
    name:
      description: Name of the VM.
      type: str
      returned: success
    uuid:
      description: UUID of the VM.
      type: str
      returned: success
    host:
      description: The host, by the name given in O(name).
      type: str
      returned: success
    state:
      description: State in libvirt's words, such as V(running), V(paused) or V(shutoff).
      type: str
      returned: success
    state_reason:
      description: How it came into that state, such as V(booted) or V(migrated).
      type: str
      returned: success
    persistent:
      description: Whether its definition outlives the running VM.
      type: bool
      returned: success
    autostart:
      description: Whether it starts with its host.
      type: bool
      returned: success
    vcpus:
      description: Number of virtual CPUs in use.
      type: int
      returned: success
    memory_mib:
      description: Memory that it may take in MiB.
      type: int
      returned: success
    memory_used_mib:
      description: Memory that its QEMU takes on the host in MiB.
      type: int
      returned: when it runs and answers
    cpu_usage:
      description: Hardware threads that it kept busy on average.
      type: float
      returned: success
    dirty_rate_mib_s:
      description: How fast it changes its memory in MiB/s, if somebody measured that; this module never does.
      type: float
      returned: when known
    labels:
      description: Labels from the metadata in its definition.
      type: dict
      returned: success
    priority:
      description: Priority from the metadata in its definition.
      type: int
      returned: when set
    last_migration:
      description: When it moved last, or when a migration of it C(failed), from the metadata in its definition.
      type: dict
      returned: when known
    handover_mark:
      description: V(true) while it migrates, and when nobody has ended a migration of it, from the metadata in its definition.
      type: bool
      returned: when it is there
    blockers:
      description: What keeps it from being migrated live to any host, with a code, a sentence and a remedy.
      type: list
      elements: dict
      returned: success
    job:
      description: The job that is running on it, such as a migration.
      type: dict
      returned: success
    arch:
      description: Architecture of its CPU.
      type: str
      returned: when its definition can be read
    domain_type:
      description: V(kvm), or V(qemu) for emulation.
      type: str
      returned: when its definition can be read
    emulator:
      description: Path of its QEMU.
      type: str
      returned: when its definition can be read
    machine:
      description: Machine type, as a versioned name.
      type: str
      returned: when its definition can be read
    cpu:
      description: Mode, model and features of its CPU; of a running VM those that it really has.
      type: dict
      returned: when its definition can be read
    bridges:
      description: Bridges that it is plugged into by name.
      type: list
      elements: str
      returned: when its definition can be read
    direct_interfaces:
      description: Interfaces of its host that it is attached to directly (macvtap).
      type: list
      elements: str
      returned: when its definition can be read
    networks:
      description: libvirt networks that it is plugged into.
      type: list
      elements: str
      returned: when its definition can be read
    disks:
      description: Its disks, where their images are, and in which of RV(host.storage) they lie.
      type: list
      elements: dict
      returned: when its definition can be read
    hugepages_kib:
      description: Size of the huge pages that its memory is made of in KiB.
      type: int
      returned: when its definition can be read
    numa_pinned:
      description: Whether its CPUs or memory are bound to certain ones of the host.
      type: bool
      returned: when its definition can be read
"""

import os
import typing as t

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ..module_utils._errors import or_fail
from ..module_utils._inspection.inspect import InspectionRequest, inspect_within
from ..module_utils._inspection.marking import mark_storages
from ..module_utils._libvirt.connection import LIBVIRT_IMPORT_ERROR


def request(params: dict[str, t.Any], keep_history: bool) -> InspectionRequest:
    """Return what the parameters ask for."""
    # The third field is the address on this side: "client port server port".
    connection = os.environ.get("SSH_CONNECTION", "").split()
    return InspectionRequest(
        uri=params["uri"],
        name=params["name"],
        migration_network=params["migration_network"],
        sample_s=params["sample_s"],
        labels={str(key): str(value) for key, value in params["labels"].items()},
        marks_directory=params["marks_directory"],
        history_directory=params["history_directory"] or None,
        keep_history=keep_history,
        reached_at=connection[2] if len(connection) == 4 else None,
    )


def mark(module: AnsibleModule) -> dict[str, list[str]]:
    """Mark the shared storage of the host where that is asked for, and return what is new."""
    if not module.params["mark_storage"]:
        return {}
    uri = module.params["uri"]
    done = or_fail(module, lambda: mark_storages(None, uri, False, module.check_mode))
    for warning in done.warnings:
        module.warn(warning)
    return {"marked": done.created}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "uri": {"type": "str", "default": "qemu:///system"},
            "name": {"type": "str"},
            "migration_network": {"type": "str"},
            "sample_s": {"type": "float", "default": 1.0},
            "timeout_s": {"type": "float", "default": 60.0},
            "labels": {"type": "dict", "default": {}},
            "marks_directory": {"type": "path", "default": "/var/lib/drover/marks"},
            "history_directory": {"type": "path", "default": "/var/lib/drover/load"},
            "mark_storage": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    if LIBVIRT_IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("libvirt"), exception=LIBVIRT_IMPORT_ERROR)
    marked = mark(module)
    asked = request(module.params, keep_history=not module.check_mode)
    found = or_fail(module, lambda: inspect_within(asked, module.params["timeout_s"]))
    for warning in found.warnings:
        module.warn(warning)
    module.exit_json(
        changed=bool(marked.get("marked")), host=found.host, domains=found.domains, **marked
    )


if __name__ == "__main__":
    main()
