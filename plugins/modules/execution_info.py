#!/usr/bin/python
# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Executions of plans on a host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: execution_info
short_description: Show the executions of plans on a coordinator
version_added: 1.0.0
author: The Drover authors (@drover)
description:
  - Returns what the journals on this host say of the executions that M(drover.libvirt.plan_apply) ran here, and the lock of the cluster as
    this host knows it.
  - Run it on all hosts of the cluster; M(drover.libvirt.executions) puts the answers together.
options:
  directory:
    description: Folder of the executions.
    type: path
    default: /var/lib/drover/executions
extends_documentation_fragment:
  - drover.libvirt.attributes
  - drover.libvirt.attributes.info_module
  - drover.libvirt.attributes.action_group
seealso:
  - module: drover.libvirt.executions
  - module: drover.libvirt.plan_apply
"""

EXAMPLES = r"""
- name: Read the executions of this host
  drover.libvirt.execution_info:
  register: found
"""

RETURN = r"""
executions:
  description: The executions of this host, oldest first.
  returned: success
  type: list
  elements: dict
  contains:
    execution:
      description: Name of the execution.
      type: str
    folder:
      description: Where its files are.
      type: str
    state:
      description: V(running), V(ended), or V(unfinished) when its process is gone and it had not come to its end.
      type: str
    finished:
      description: Whether it ended and the place of each of its VMs is known.
      type: bool
    owner:
      description: Who asked for it.
      type: str
    purpose:
      description: What it is for.
      type: str
    since_s:
      description: When it started, in seconds since the epoch.
      type: float
    age_s:
      description: How long ago that was.
      type: float
    silent_s:
      description: Seconds since it last wrote into its journal.
      type: float
    steps:
      description: Number of migrations of its plan.
      type: int
    moved:
      description: Number of migrations that succeeded so far.
      type: int
    not_moved:
      description: Number of steps that ended in any other way.
      type: int
    under_way:
      description: Migrations that were started and have not ended, with the percentage that was last seen.
      type: list
      elements: dict
    unsettled:
      description: Migrations whose VM nobody looks after. M(drover.libvirt.execution_settle) settles them.
      type: list
      elements: dict
    quarantined:
      description: Migrations that left their VM paused for a person to decide about it.
      type: list
      elements: dict
lock:
  description: The lock of the cluster as this host keeps it; null when there is none.
  returned: success
  type: dict
  sample:
    execution: 20261124T091203Z-4711-1f00d2aa
    coordinator: kvm1
    owner: ann@desk
    purpose: evacuate kvm2
    since_s: 1795511523.0
    holds_s: 120.0
    age_s: 240.2
"""

import time

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._errors import or_fail
from ..module_utils._execution.cluster_lock import read_lock
from ..module_utils._execution.records import read_executions


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={"directory": {"type": "path", "default": "/var/lib/drover/executions"}},
        supports_check_mode=True,
    )
    directory, now_s = module.params["directory"], time.time()
    records = or_fail(module, lambda: read_executions(directory))
    lock = or_fail(module, lambda: read_lock(directory))
    module.exit_json(
        changed=False,
        executions=[record.document(now_s) for record in records],
        lock=None if lock is None else lock.document(now_s),
    )


if __name__ == "__main__":
    main()
