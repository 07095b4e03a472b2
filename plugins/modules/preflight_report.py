#!/usr/bin/python
# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: preflight_report
short_description: Show which VM could be migrated where, and what would stop it
version_added: 1.0.0
author: The Drover authors (@drover)
description:
  - Puts together what M(drover.libvirt.preflight_info) found on each host of a group, as the role P(drover.libvirt.preflight#role) registers it, and prints
    it, first which host and which VM can migrate to which host, then everything that blocks or should be known, with what to do about it.
  - Fails when a check that must hold fails for what was asked with O(hosts) or O(domains). Without these it only informs.
  - What is wrong with a host, between two hosts, or with the VM itself counts always. A host that does not suit a VM counts when no other host suits it, when
    the host is the O(destination), or with O(strict).
options:
  hosts:
    description: Hosts to empty.
    type: list
    elements: str
    default: []
  domains:
    description: VMs to migrate.
    type: list
    elements: str
    default: []
  destination:
    description: Where O(domains) go. By default any other host.
    type: str
  strict:
    description: Whether each VM must be able to go to every other host.
    type: bool
    default: false
  unreachable:
    description: Whether a host that has not answered is an error (V(fail)) or may be left out (V(ignore)), where something was asked.
    type: str
    choices: [fail, ignore]
    default: fail
  show:
    description: Whether to print the text.
    type: bool
    default: true
extends_documentation_fragment:
  - drover.libvirt.attributes
  - drover.libvirt.attributes.info_module
  - drover.libvirt.attributes.action_group
  - drover.libvirt.cluster
seealso:
  - module: drover.libvirt.preflight_info
"""

EXAMPLES = r"""
- name: Show what would happen if kvm2 were to be emptied
  drover.libvirt.preflight_report:
    hosts: [kvm2]
    registered:
      preflight_info: preflight_checked
  run_once: true
"""

RETURN = r"""
verdict:
  description: Whether what was asked can be done; where nothing was, whether every VM could go anywhere.
  returned: always
  type: str
  sample: "Verdict: each of 4 VMs can go to at least one other host."
text:
  description: The text for people.
  returned: success
  type: str
matrix:
  description: For each VM and host, V(here), V(yes) or V(no).
  returned: success
  type: dict
  sample:
    web1: {kvm1: here, kvm2: 'yes', kvm3: 'no'}
stuck:
  description: VMs that can go to no other host.
  returned: success
  type: list
  elements: str
failing:
  description: The checks that fail for what was asked.
  returned: always
  type: list
  elements: dict
checks:
  description: What all hosts found, as M(drover.libvirt.preflight_info) returns it.
  returned: success
  type: list
  elements: dict
"""
