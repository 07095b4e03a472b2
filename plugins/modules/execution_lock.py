#!/usr/bin/python
# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lock of a cluster."""

from __future__ import annotations

DOCUMENTATION = r"""
module: execution_lock
short_description: Lock a cluster for one execution
version_added: 1.0.0
author: The Drover authors (@drover)
description:
  - Writes on the host on which it runs that the cluster is taken by one execution of a plan, or that it no longer is.
  - Run it on all hosts of the cluster, first on one and then on the others, so that of two operators who come at the same time one gets all
    of them. It fails where another execution has the host.
  - The role P(drover.libvirt.executions#role) does so, and takes over locks of executions that are proved to be dead.
options:
  execution:
    description: Name of the execution that O(drover.libvirt.plan_apply#module:execution) names.
    type: str
    required: true
  state:
    description:
      - V(present) takes the lock; V(absent) gives it back, if it is this execution's.
    type: str
    choices: [present, absent]
    default: present
  coordinator:
    description: The host on which the execution will run. Required to take the lock.
    type: str
  owner:
    description: Who asks for it.
    type: str
    default: unknown
  purpose:
    description: What the execution is for, in a few words.
    type: str
    default: ""
  holds:
    description:
      - How many seconds the lock keeps others out while its coordinator knows no such execution. Give more where the controller is busy
        with something else than an execution, such as waiting for a host to boot. Taking the lock once more starts the time again.
    type: float
    default: 120
  instead_of:
    description:
      - Executions whose locks may be replaced. Name only those that can never run again, which M(drover.libvirt.execution_settle) sees to on
        their coordinators.
    type: list
    elements: str
    default: []
  seen:
    description:
      - The executions that were on record on this host when the cluster was looked at. The lock is refused when there is another one now, for
        a plan made from that look is old. By default this is not checked.
    type: list
    elements: str
  directory:
    description: Folder of the executions.
    type: path
    default: /var/lib/drover/executions
extends_documentation_fragment:
  - drover.libvirt.attributes
  - drover.libvirt.attributes.action_group
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: full
seealso:
  - module: drover.libvirt.execution_info
  - module: drover.libvirt.plan_apply
"""

EXAMPLES = r"""
- name: Lock the cluster
  drover.libvirt.execution_lock:
    execution: tonight
    coordinator: kvm1
    owner: ann@desk
    purpose: evacuate kvm2

- name: Give it back
  drover.libvirt.execution_lock:
    execution: tonight
    state: absent
"""

RETURN = r"""
"""

import time

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._errors import or_fail
from ..module_utils._execution.cluster_lock import (
    START_S,
    ClusterLock,
    refuse_newer,
    release_lock,
    take_lock,
)
from ..module_utils._execution.names import checked_name


def _change(module: AnsibleModule) -> bool:
    params = module.params
    directory, execution = params["directory"], checked_name(params["execution"])
    if params["state"] == "absent":
        return release_lock(directory, execution, module.check_mode)
    if params["seen"] is not None:
        refuse_newer(directory, [*params["seen"], execution])
    lock = ClusterLock(
        execution,
        params["coordinator"],
        params["owner"],
        params["purpose"],
        since_s=round(time.time(), 3),
        holds_s=params["holds"],
    )
    return take_lock(directory, lock, params["instead_of"], module.check_mode)


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "execution": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "coordinator": {"type": "str"},
            "owner": {"type": "str", "default": "unknown"},
            "purpose": {"type": "str", "default": ""},
            "holds": {"type": "float", "default": START_S},
            "instead_of": {"type": "list", "elements": "str", "default": []},
            "seen": {"type": "list", "elements": "str"},
            "directory": {"type": "path", "default": "/var/lib/drover/executions"},
        },
        required_if=[("state", "present", ["coordinator"])],
        supports_check_mode=True,
    )
    module.exit_json(changed=or_fail(module, lambda: _change(module)))


if __name__ == "__main__":
    main()
