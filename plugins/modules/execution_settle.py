#!/usr/bin/python
# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Settling what a dead execution left behind."""

from __future__ import annotations

DOCUMENTATION = r"""
module: execution_settle
short_description: Put in order what a dead execution left behind
version_added: 1.0.0
author: The Drover authors (@drover)
description:
  - Looks at both hosts of each VM that the execution had started to migrate and had not seen arrive, and brings it to run once and be
    defined once.
  - A migration that libvirt still carries out is waited for. A VM that stands still on its destination is resumed, but only when its QEMU on
    the source is proved gone. Nothing is started anywhere while one of the hosts does not answer.
  - A quick move is finished from its saved image, whose directory this host must see.
  - Afterwards the execution counts as ended and can never start again, and its lock on this host is gone.
  - Run it on the execution's coordinator. It fails when the execution is alive, and when the place of a VM cannot be told.
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
  timeout:
    description:
      - Seconds to wait for each migration that is still under way. After that the copy on the destination is ended, and the VM goes on
        running where it was.
    type: int
    default: 1800
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
      description: V(moved), V(not_moved) or V(unknown).
      type: str
    verdict:
      description: The same in more words, such as V(rolled_back), V(lost) or V(quarantined).
      type: str
    reason:
      description: What was found on both hosts.
      type: str
    actions:
      description: What was done.
      type: list
      elements: str
"""

import os
import time

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ..module_utils._errors import or_fail
from ..module_utils._execution.settling import SettlingSettings, settle_execution, unsolved
from ..module_utils._libvirt.connection import LIBVIRT_IMPORT_ERROR


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "execution": {"type": "str", "required": True},
            "coordinator": {"type": "str", "required": True},
            "uri": {"type": "str", "default": "qemu:///system"},
            "timeout": {"type": "int", "default": 1800},
            "directory": {"type": "path", "default": "/var/lib/drover/executions"},
        },
        supports_check_mode=True,
    )
    if LIBVIRT_IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("libvirt"), exception=LIBVIRT_IMPORT_ERROR)
    params = module.params
    folder = os.path.join(params["directory"], params["execution"])
    settings = SettlingSettings(
        params["coordinator"], params["uri"], params["timeout"], module.check_mode
    )
    settled = or_fail(module, lambda: settle_execution(folder, settings, time.time))
    outcomes = [item.document() for item in settled]
    message = unsolved(settled)
    if message:
        module.fail_json(msg=message, outcomes=outcomes, error_code="not_settled")
    module.exit_json(changed=any(item.actions for item in settled), outcomes=outcomes)


if __name__ == "__main__":
    main()
