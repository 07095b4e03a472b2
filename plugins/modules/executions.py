#!/usr/bin/python
# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: executions
short_description: Tell what the executions of a cluster mean for the next operator
version_added: 1.0.0
author: The Drover authors (@drover)
description:
  - Puts together what M(drover.libvirt.execution_info) found on each host of a group, and shows executions
    that run or are not finished.
  - With O(purpose) it also decides. An execution for the same purpose is to be followed; one for another purpose, or one of which it cannot be
    told whether it runs, is a refusal; dead ones are to be settled first. The role P(drover.libvirt.executions#role) does all that.
options:
  purpose:
    description: What is about to be done, in the words that executions keep. Without it nothing is decided.
    type: str
  break_lock:
    description:
      - Whether the operator vouches that nobody works under the lock of the cluster any more. It is taken over then also where its coordinator
        does not answer, and where the controller that took it may still wait for a host to boot or to shut down.
    type: bool
    default: false
  fenced:
    description:
      - Hosts for which the operator vouches that they are off. Locks of executions on such hosts are taken over. A host that answers is refused.
    type: list
    elements: str
    default: []
  show:
    description: Whether to print the executions.
    type: bool
    default: true
extends_documentation_fragment:
  - drover.libvirt.attributes
  - drover.libvirt.attributes.action_group
  - drover.libvirt.cluster
attributes:
  check_mode:
    support: full
    details:
      - A refusal is a warning in check mode.
  diff_mode:
    support: none
  idempotent:
    support: full
seealso:
  - module: drover.libvirt.execution_info
  - module: drover.libvirt.execution_follow
  - module: drover.libvirt.execution_settle
"""

EXAMPLES = r"""
- name: Read the executions
  drover.libvirt.execution_info:
  register: executions_found

- name: Show them
  drover.libvirt.executions:
    registered:
      execution_info: executions_found
  run_once: true
"""

RETURN = r"""
executions:
  description: All executions that are on record, oldest first, as M(drover.libvirt.execution_info) returns them, with their coordinator.
  returned: success
  type: list
  elements: dict
text:
  description: Those that run or are not finished, in words.
  returned: success
  type: str
awaited:
  description: Hosts that do not answer and on which something waits, because a VM may be there or an execution is coordinated there.
  returned: success
  type: list
  elements: str
in_use:
  description: A sentence for each run that has the cluster, also for one that has only its lock.
  returned: success
  type: list
  elements: str
follow:
  description: The running execution for the same purpose, null when there is none.
  returned: with O(purpose)
  type: dict
settle:
  description: Executions that died, each with its coordinator.
  returned: with O(purpose)
  type: list
  elements: dict
instead_of:
  description: Names of executions whose locks may be taken over once they are settled.
  returned: with O(purpose)
  type: list
  elements: str
silent:
  description: Hosts of the group that do not answer.
  returned: with O(purpose)
  type: list
  elements: str
execution:
  description: A name for a new execution.
  returned: with O(purpose)
  type: str
owner:
  description: Who runs this, as user and machine.
  returned: with O(purpose)
  type: str
purpose:
  description: The option of the same name.
  returned: with O(purpose)
  type: str
"""
