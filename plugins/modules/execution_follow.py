#!/usr/bin/python
# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: execution_follow
short_description: Follow a running execution to its end
version_added: 1.0.0
author: The Drover authors (@drover)
description:
  - Shows the progress of an execution that another controller started, until it ends or its executor is gone. Delegate the task to the
    execution's coordinator.
  - A follower also keeps an execution alive when its own controller is gone, unless O(keep_alive=false).
options:
  folder:
    description:
      - Folder of the execution on the coordinator, as M(drover.libvirt.execution_info) tells it there.
      - It is taken as it stands. Variables of the controller's environment and C(~) are refused, for a host chooses this value.
    type: str
    required: true
  steps:
    description: Number of migrations of its plan.
    type: int
    default: 0
  words:
    description: What it is, to be shown first.
    type: str
    default: ""
  progress:
    description: Whether to show a line for every change (V(lines)) or nothing (V(none)).
    type: str
    choices: [lines, none]
    default: lines
  keep_alive:
    description: Whether the execution goes on as long as somebody follows it. V(false) only watches.
    type: bool
    default: true
extends_documentation_fragment:
  - drover.libvirt.attributes
  - drover.libvirt.attributes.action_group
attributes:
  check_mode:
    support: full
    details:
      - Does not wait in check mode.
  diff_mode:
    support: none
  idempotent:
    support: full
seealso:
  - module: drover.libvirt.executions
"""

EXAMPLES = r"""
- name: Follow what runs
  drover.libvirt.execution_follow:
    folder: "{{ executions_survey.follow.folder }}"
    steps: "{{ executions_survey.follow.steps }}"
  delegate_to: "{{ executions_survey.follow.coordinator }}"
  run_once: true
"""

RETURN = r"""
ended:
  description: Whether the execution came to its end.
  returned: success
  type: bool
executor:
  description: V(alive) or V(gone), as it was seen last.
  returned: when not in check mode
  type: str
"""
