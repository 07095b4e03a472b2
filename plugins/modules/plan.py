#!/usr/bin/python
# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: plan
short_description: Plan which VMs migrate where, and in which order
version_added: 1.0.0
author: The Drover authors (@drover)
description:
  - Makes a plan for a cluster of libvirt hosts from the facts of all of them, a policy and a goal. Nothing is changed on any host.
  - The plan is a document that says where each VM goes and why, in which order, how many at once, and how long it will take. It has been replayed and
    checked independently of the solver before it is returned. M(drover.libvirt.plan_apply) executes it.
  - Leaves as artifacts of the run, as M(ansible.builtin.set_stats) does, the plan (C(drover_plan), packed), its digest (C(drover_plan_digest)), its text
    (C(drover_plan_summary)) and the number of its migrations (C(drover_plan_migrations)). A later run takes them with O(approved).
  - The facts are those that O(registered) names, of all hosts of O(group). The whole group is needed, whatever
    C(--limit) says.
options:
  goal:
    description:
      - V(evacuate) empties O(hosts).
      - V(restore) brings back to O(hosts) the VMs that were evacuated from them, as far as the policy allows.
      - V(migrate) moves O(domain) to O(destination).
      - V(balance) brings every host into the band around the cluster's mean load, with the least migration.
      - V(consolidate) brings the VMs onto as few hosts as the policy allows. The plan says which hosts may be switched off then.
      - V(repair) repairs what of the policy is broken now, and moves nothing else.
    type: str
    required: true
    choices: [evacuate, restore, migrate, balance, consolidate, repair]
  hosts:
    description: Hosts to empty, or to bring VMs back to. Required for V(evacuate) and V(restore).
    type: list
    elements: str
    default: []
  prefer:
    description: For V(evacuate), hosts where the VMs should go first, such as those whose maintenance is done.
    type: list
    elements: str
  avoid:
    description: For V(evacuate), hosts where they should go last, such as those whose maintenance is still to come.
    type: list
    elements: str
  maintenance:
    description: For V(evacuate), whether it is for maintenance, in which rules with C(during_maintenance) may bend.
    type: bool
    default: true
  domain:
    description: The VM to move. Required for V(migrate).
    type: str
  destination:
    description: Where to move it. Required for V(migrate).
    type: str
  aggressiveness:
    description: For V(balance), how much is worth a migration. V(1) is timid, V(5) thorough.
    type: int
    choices: [1, 2, 3, 4, 5]
  curve:
    description: For V(balance) and V(consolidate), whether the plan also says what fewer migrations would do.
    type: bool
    default: false
  effort:
    description: How hard to look for a better plan. V(1) is hasty, V(5) thorough. Every effort gives the same plan again.
    type: int
    choices: [1, 2, 3, 4, 5]
    default: 3
  planning_time_limit:
    description: Seconds after which the best plan found so far is taken, and the plan says how far it may be from the best possible. V(0) means no limit.
    type: float
    default: 0
  deadline:
    description:
      - When all migrations have to be done, as a moment (V(2026-11-25T05:30)) or a time of day that comes next (V(05:30)), in the time zone of the controller.
      - What can wait and does not fit is left out, and the plan says so. For what cannot wait, there is no plan then.
      - While the plan is carried out, no migration is started that would end later.
    type: str
  policy:
    description: The policy document, or the path of a YAML or JSON file on the controller. Everything in it has a safe default.
    type: raw
  facts:
    description: A facts document, or the path of a file that holds one, instead of the facts in the host variables.
    type: raw
  unreachable:
    description:
      - What to do when a host of the group has not answered. V(fail) refuses to plan.
      - V(ignore) plans without it. Its VMs are unknown, and nothing is moved to it or from it.
    type: str
    choices: [fail, ignore]
    default: fail
  dest:
    description: Path of a file on the controller for the plan document.
    type: path
  page:
    description:
      - Path of a file on the controller for a page that shows the plan, one HTML file that needs no network. It is readable for its owner alone.
      - It is written in check mode, too, and does not count as a change.
    type: path
  approved:
    description:
      - Carry out this plan and no other. No plan is made then; the one given is returned if it is whole, has the digest, is for what was asked for, and
        still fits the cluster and the policy.
    type: dict
    suboptions:
      plan:
        description: The artifact C(drover_plan) of the run that made the plan, the plan document, or the path of its file.
        type: raw
      digest:
        description: The C(plan_digest) that was approved. Without it the plan is refused.
        type: str
        default: ""
      max_age:
        description: How long ago it may have been made, in seconds. V(0) is any time.
        type: int
        default: 43200
  show:
    description: Whether to print the plan for people.
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
      - A plan is made as usual. Only O(dest) is not written.
  diff_mode:
    support: none
    details:
      - A plan changes nothing. M(drover.libvirt.plan_apply) shows the VMs of each host before and after as a diff, also in check mode.
  idempotent:
    support: full
    details:
      - The same facts, policy and goal give the same plan to the byte. A goal that is reached already gives a plan without steps.
requirements:
  - networkx, pulp, highspy, jmespath, numpy and fastjsonschema on the controller, and jinja2 for O(page)
seealso:
  - module: drover.libvirt.plan_apply
  - module: drover.libvirt.rolling_plan
  - module: drover.libvirt.host_info
"""

EXAMPLES = r"""
- name: Plan the evacuation of a host
  drover.libvirt.plan:
    goal: evacuate
    hosts: [kvm2]
    policy: policy.yml
    registered:
      host_info: gather_host_info
  run_once: true
  register: evacuation

- name: Plan to move one VM
  drover.libvirt.plan:
    goal: migrate
    domain: web1
    destination: kvm3
    dest: /tmp/plan.json
    registered:
      host_info: gather_host_info
  run_once: true
"""

RETURN = r"""
plan:
  description: The plan document. Its JSON Schema is C(planner/schemas/plan.schema.json).
  returned: success
  type: dict
text:
  description: The plan for people.
  returned: success
  type: str
coordinator:
  description: The host that should execute the plan, one that the plan does not empty and that is not in maintenance.
  returned: success
  type: str
  sample: kvm1
figures:
  description: What Prometheus knew of the load (C(drover_prometheus)), for O(drover.libvirt.plan_apply#module:figures).
  returned: success
  type: dict
leaving:
  description: For each host of the goal, the VMs that the plan takes away from it.
  returned: success
  type: dict
  sample:
    kvm2:
      - name: web1
        uuid: 5f0f7a3c-8f2b-4c5e-9a51-0d3c2a3f4b11
"""
