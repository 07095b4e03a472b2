#!/usr/bin/python
# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: rolling_survey
short_description: Tell how far a rolling maintenance came
version_added: 1.0.0
author: The Drover authors (@drover)
description:
  - Puts together what M(drover.libvirt.rolling_record) found on each host of a group, and decides whether a new
    maintenance begins or one that is not finished is taken up.
  - Fails while the run that began it still lives. Also fails where only the operator can know whether to go on, which O(unfinished) answers.
    The process of that run cannot be seen from here, its tasks were those of another file, or it is more than seven days old.
  - The facts are those that O(registered) names, of all hosts of O(group).
options:
  tasks:
    description: The file with the operator's tasks. It tells one maintenance from another.
    type: path
    required: true
  unfinished:
    description:
      - What to do about a maintenance that is not finished. V(continue) goes on with it. V(forget) begins again with all hosts; those that it left in
        maintenance still come first.
      - With either of them you vouch that it does not run any more.
      - Empty goes on with it where there is no doubt, and fails otherwise.
    type: str
    choices: ["", continue, forget]
    default: ""
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
  - module: drover.libvirt.rolling_record
  - module: drover.libvirt.rolling_plan
"""

EXAMPLES = r"""
- name: Read the record of the rolling maintenance
  drover.libvirt.rolling_record:
  register: rolling_kept

- name: Find out how far it came
  drover.libvirt.rolling_survey:
    tasks: "{{ playbook_dir }}/update.yml"
    registered:
      host_info: gather_host_info
      rolling_record: rolling_kept
  run_once: true
  register: rolling_found
"""

RETURN = r"""
record:
  description: The record for M(drover.libvirt.rolling_record) to keep.
  returned: success
  type: dict
seen:
  description: The runs whose records it may replace.
  returned: success
  type: list
  elements: str
begun:
  description: The hosts in maintenance whose batch was interrupted.
  returned: success
  type: list
  elements: str
done:
  description: The hosts whose maintenance is over.
  returned: success
  type: list
  elements: str
text:
  description: What is taken up or forgotten, in words.
  returned: success
  type: str
"""
