#!/usr/bin/python
# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: reconcile_info
short_description: Find the VMs that interrupted migrations may have left in disorder
version_added: 1.0.0
author: The Drover authors (@drover)
description:
  - Compares what M(drover.libvirt.host_info) found on the hosts of a group, and returns the VMs that more than one host knows and those that stand paused,
    each with the two hosts between which M(drover.libvirt.vm_migrate) with O(drover.libvirt.vm_migrate#module:state=reconciled) can clean it up.
  - A VM that a user paused is among them, because only its host can tell whether it waits for the end of a migration. It is left as it is then.
  - All hosts must have answered, for one that is silent may run any VM.
  - The handover mark of a VM can be written by its tenant, so it counts only where a journal on a host (see M(drover.libvirt.execution_info))
    tells of that migration, or where the operator vouches for it.
options:
  trust_marks:
    description: Whether the operator vouches for the handover marks of all VMs, also where no journal confirms them.
    type: bool
    default: false
extends_documentation_fragment:
  - drover.libvirt.attributes
  - drover.libvirt.attributes.action_group
  - drover.libvirt.cluster
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: full
seealso:
  - module: drover.libvirt.host_info
  - module: drover.libvirt.vm_migrate
"""

EXAMPLES = r"""
- name: Find the VMs to look at
  drover.libvirt.reconcile_info:
    registered:
      host_info: gather_host_info
      execution_info: executions_found
  run_once: true
  register: found
"""

RETURN = r"""
domains:
  description: The VMs, each with the hosts between which to reconcile it. A VM that three hosts know stands here twice.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Name of the VM.
      type: str
    uuid:
      description: UUID of the VM.
      type: str
    source:
      description: The host that ran it before, as far as the facts tell.
      type: str
    destination:
      description: The other host.
      type: str
    destination_uri:
      description: How the source reaches the libvirt of the other host.
      type: str
    believe_mark:
      description: Whether the handover mark of the VM counts.
      type: bool
unclear:
  description: A sentence for each VM of which the facts do not tell which host ran it before.
  returned: success
  type: list
  elements: str
"""
