#!/usr/bin/python
# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: power_survey
short_description: Tell which hosts of a cluster are asleep
version_added: 1.0.0
author: The Drover authors (@drover)
description:
  - Tells which hosts that do not answer are on record as asleep, and which hosts on record as asleep answer nevertheless. Of the latter it says whether
    they may take VMs again, once the role P(drover.libvirt.gather#role) has read their facts.
  - What is on record is what the role P(drover.libvirt.reach#role) has read on all hosts.
options: {}
extends_documentation_fragment:
  - drover.libvirt.attributes
  - drover.libvirt.attributes.info_module
  - drover.libvirt.attributes.action_group
  - drover.libvirt.cluster
seealso:
  - module: drover.libvirt.power_mark_info
"""

EXAMPLES = r"""
- name: Tell which hosts are asleep
  drover.libvirt.power_survey:
    registered:
      power_mark_info: reach_found
  run_once: true
  register: survey
"""

RETURN = r"""
on_record:
  description: Hosts that Drover put to sleep, or was about to, whether they answer or not.
  returned: success
  type: list
  elements: str
asleep:
  description: Those that do not answer, which is not an error.
  returned: success
  type: list
  elements: str
holders:
  description: On which host the kept facts of which hosts are to be read.
  returned: success
  type: dict
returned:
  description: Those that answer and are ready to take VMs.
  returned: success
  type: list
  elements: str
closed:
  description: A sentence for each reason why one that answers takes no VMs.
  returned: success
  type: list
  elements: str
marks:
  description: The newest power marks by host.
  returned: success
  type: dict
"""
