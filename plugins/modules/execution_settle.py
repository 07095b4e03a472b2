#!/usr/bin/python
# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Settling what a dead execution left behind."""

from __future__ import annotations

DOCUMENTATION = r"""
module: execution_settle
short_description: Settle what a dead execution left behind
version_added: 1.0.0
author: The Drover authors (@drover)
description:
  - Looks at both hosts of each VM that the execution had started to migrate and had not seen arrive, and brings it to run once and be
    defined once.
  - A migration that libvirt still carries out is waited for. A VM that stands still on its destination is resumed, but only when its QEMU on
    the source is proved gone. Nothing is started anywhere while one of the hosts does not answer.
  - A post-copy migration whose link broke is resumed.
  - A quick move is finished from its saved image, whose directory this host must see.
  - Afterwards the execution counts as ended and can never start again, and its lock on this host is gone.
  - A VM whose place cannot be told is a warning. It stays on record, plans count it on both hosts and move it nowhere, and it is looked at again
    when this runs the next time.
  - What a VM that stayed left on a host that did not answer then is removed when that host is back.
  - Run it on the execution's coordinator. It fails when the execution is alive.
options:
  execution:
    description: Name of the execution.
    type: str
    required: true
  coordinator:
    description: Name of this host in the execution's plan. Its libvirt is reached at O(uri).
    type: str
    required: true
  uri:
    description: How this host reaches its own libvirt.
    type: str
    default: qemu:///system
  uris:
    description:
      - How the hosts of the cluster are reached, by name. By default as the execution's plan says, which may be damaged or gone.
    type: dict
    default: {}
  timeout:
    description:
      - Seconds to wait for each migration that is still under way. After that the copy on the destination is ended, and the VM goes on
        running where it was.
    type: int
    default: 1800
  fenced:
    description:
      - Hosts that are off for certain, such as V(kvm4), although they do not answer. A VM that was on its way from or to such a host is judged by
        the other one alone. Vouching for a host that runs may let a VM run twice; one whose libvirt answers is not believed to be off.
      - The journal keeps the hosts, the time and O(fenced_by).
    type: list
    elements: str
    default: []
  fenced_by:
    description: Who vouches for that, as user and machine.
    type: str
    default: ""
  silent:
    description: Hosts that are known not to answer. They are not waited for.
    type: list
    elements: str
    default: []
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
requirements:
  - python >= 3.9 and the libvirt Python binding
seealso:
  - module: drover.libvirt.execution_info
"""

EXAMPLES = r"""
- name: Settle what was left
  drover.libvirt.execution_settle:
    execution: 20261124T091203Z-4711-1f00d2aa
    coordinator: "{{ inventory_hostname }}"
"""

RETURN = r"""
outcomes:
  description: What became of each migration that nobody looked after.
  returned: always
  type: list
  elements: dict
  contains:
    domain:
      description: The VM.
      type: str
    source:
      description: Where it was.
      type: str
    destination:
      description: Where it should be.
      type: str
    outcome:
      description: V(moved), V(already_there), V(not_moved), V(rolled_back), V(quarantined), V(lost) or V(unknown), as for M(drover.libvirt.plan_apply).
      type: str
    reason:
      description: What was found on both hosts.
      type: str
    actions:
      description: What was done.
      type: list
      elements: str
    uncleaned:
      description: The host that does not answer, where something of the VM may be left. Empty when there is none.
      type: str
unsolved:
  description: A sentence for each VM that a person must see to.
  returned: success
  type: list
  elements: str
"""

import time

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ..module_utils._errors import or_fail
from ..module_utils._execution.names import execution_folder
from ..module_utils._execution.settled import unsolved
from ..module_utils._execution.settling import SettlingSettings, settle_execution
from ..module_utils._libvirt.connection import LIBVIRT_IMPORT_ERROR


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "execution": {"type": "str", "required": True},
            "coordinator": {"type": "str", "required": True},
            "uri": {"type": "str", "default": "qemu:///system"},
            "uris": {"type": "dict", "default": {}},
            "timeout": {"type": "int", "default": 1800},
            "directory": {"type": "path", "default": "/var/lib/drover/executions"},
            "fenced": {"type": "list", "elements": "str", "default": []},
            "fenced_by": {"type": "str", "default": ""},
            "silent": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    if LIBVIRT_IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("libvirt"), exception=LIBVIRT_IMPORT_ERROR)
    params = module.params
    folder = or_fail(module, lambda: execution_folder(params["directory"], params["execution"]))
    settings = SettlingSettings(
        coordinator=params["coordinator"],
        local_uri=params["uri"],
        patience_s=params["timeout"],
        check_mode=module.check_mode,
        fenced=tuple(params["fenced"]),
        by=params["fenced_by"],
        silent=tuple(params["silent"]),
        uris=params["uris"],
    )
    settled = or_fail(module, lambda: settle_execution(folder, settings, time.time))
    for sentence in unsolved(settled):
        module.warn(sentence)
    module.exit_json(
        changed=any(item.account.actions for item in settled),
        outcomes=[item.document() for item in settled],
        unsolved=unsolved(settled),
    )


if __name__ == "__main__":
    main()
