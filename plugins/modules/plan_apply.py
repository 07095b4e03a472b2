#!/usr/bin/python
# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: plan_apply
short_description: Execute a migration plan
version_added: 1.0.0
author: The Drover authors (@drover)
description:
  - Migrates the VMs of a plan made by M(drover.libvirt.plan) or by C(drover plan), each one as soon as its source, its destination,
    the cluster and the memory on its destination are free.
  - The migrations are driven from the host on which the task runs, the coordinator. Use C(delegate_to) to pick a host that the plan does not
    empty; M(drover.libvirt.plan) returns one as RV(drover.libvirt.plan#module:coordinator).
  - The executor is detached from the connection that started it. While it works, its progress is shown line by line. When its controller dies,
    running migrations end as usual and no further one is started.
  - Everything is written to a journal on the coordinator before it is done.
  - A migration that fails stops only the steps that wait for it.
  - After the last migration the hosts that the goal is about are looked at once more. The task fails unless what was asked for holds then; an
    evacuation has to have seen that nothing runs on the hosts.
  - A migration that is predicted to end after the plan's deadline, or after the window of its VM has closed, is not started and reported as skipped.
  - When a VM moved, or failed to, is written into its own definition, for the next plan to leave it in peace.
options:
  plan:
    description:
      - The plan document, or the path of a file on the controller that holds it.
      - It is checked before anything is started, also in check mode. It must be as Drover wrote it (its C(plan_digest)), not older than
        O(max_age), and made for the cluster as it is; then its steps are replayed against the facts, O(policy) and the plan's own goal.
        Where the cluster has changed since, every difference is named. Addresses of hosts are those of the inventory.
    type: raw
    required: true
  policy:
    description: The policy that the plan has to keep, or the path of its file. Give the one that O(plan) was made with.
    type: raw
  figures:
    description:
      - RV(drover.libvirt.plan#module:figures) of the task that made O(plan), by which its load is judged. Without them Prometheus is asked again.
    type: dict
  unreachable:
    description: Whether a host that has not answered stops the execution (V(fail)) or is left out (V(ignore)), as when O(plan) was made.
    type: str
    choices: [fail, ignore]
    default: fail
  max_age:
    description: How old the plan may be, in seconds. V(0) is any age.
    type: int
    default: 3600
  digest:
    description:
      - The C(plan_digest) of the plan that somebody approved. Another plan is refused.
    type: str
  page:
    description:
      - Path of a file on the controller for a page that shows the plan, and at the end what became of it. See O(drover.libvirt.plan#module:page).
      - A page that cannot be written stops this before anything is started.
    type: path
  coordinator:
    description:
      - Name of the coordinator among the plan's hosts. Its own libvirt is reached at O(uri) and not over the network.
      - The action fills it in with the name of the host on which the task runs, which must be a member of O(group) that is up.
    type: str
  uri:
    description: How the coordinator reaches its own libvirt.
    type: str
    default: qemu:///system
  directory:
    description: Folder on the coordinator for the journals of executions.
    type: path
    default: /var/lib/drover/executions
  execution:
    description:
      - Name of this execution, which is also the name of its folder below O(directory).
      - The action makes one from the time and the plan's digest.
    type: str
  owner:
    description: Who asked for it. Shown to anybody who tries to start another execution meanwhile.
    type: str
  purpose:
    description: What it is for, in a few words. By default the plan's goal. A request for the same follows a running execution; others are refused.
    type: str
  locked:
    description:
      - Whether M(drover.libvirt.execution_lock) has locked the cluster for O(execution). Nothing is started then unless the coordinator still
        has that lock.
    type: bool
    default: false
  keep:
    description: How many finished executions to keep on the coordinator; older ones are removed, unfinished ones never. V(0) keeps all.
    type: int
    default: 20
  progress:
    description:
      - V(lines) shows a line for every change and at least one each ten seconds for each running migration.
      - V(none) shows nothing.
    type: str
    choices: [lines, none]
    default: lines
  heartbeat_timeout:
    description:
      - Seconds of silence after which the executor takes its controller for gone and starts nothing more. V(0) never.
    type: int
    default: 60
  time_limit:
    description: Seconds after which no further migration is started. V(0) means no limit.
    type: int
    default: 0
  look_at:
    description:
      - Hosts to look at after the last migration, when all VMs of the plan are where they are said to be; else all hosts of the plan are.
      - The action fills in those that the plan's goal is about.
    type: list
    elements: str
    default: []
  tries:
    description:
      - How many plans there may be for the goal, this one included. When what was asked for does not hold because the cluster has changed since
        the plan was made, such as by a VM that was started on a host to be emptied, and this is more than V(1), the task does not fail but
        returns RV(again).
    type: int
    default: 1
extends_documentation_fragment:
  - drover.libvirt.attributes
  - drover.libvirt.attributes.action_group
  - drover.libvirt.cluster
  - drover.libvirt.migration.nested
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
    details:
      - A VM that is at its destination already counts as moved and is not touched.
notes:
  - The coordinator needs the libvirt binding of its distribution and must reach the libvirt of the plan's hosts at the URIs in the plan.
requirements:
  - python >= 3.9 and the libvirt Python binding on the coordinator
seealso:
  - module: drover.libvirt.plan
  - module: drover.libvirt.vm_migrate
"""

EXAMPLES = r"""
- name: Plan the evacuation
  drover.libvirt.plan:
    goal: evacuate
    hosts: [kvm2]
    registered:
      host_info: gather_host_info
  run_once: true
  register: evacuation

- name: Migrate
  drover.libvirt.plan_apply:
    plan: "{{ evacuation.plan }}"
    registered:
      host_info: gather_host_info
  delegate_to: "{{ evacuation.coordinator }}"
  run_once: true

- name: Migrate by a plan that was made, reviewed and approved earlier
  drover.libvirt.plan_apply:
    plan: plans/tonight.json
    digest: "{{ approved_digest }}"
    max_age: 43200
    registered:
      host_info: gather_host_info
    time_limit: 14400
    migration:
      bandwidth_mib_s: 200
      post_copy: on_stall
  delegate_to: kvm1
  run_once: true
"""

RETURN = r"""
outcomes:
  description: What became of each step, in the plan's order.
  returned: when not in check mode
  type: list
  elements: dict
  contains:
    id:
      description: The step's name in the plan.
      type: str
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
      description:
        - V(moved), it runs on the destination. V(already_there), it did so before.
        - V(not_moved), it is on the source as before. V(rolled_back), the same, and what had arrived at the destination was removed.
        - V(skipped), the step did not begin.
        - V(gone), V(off) or V(elsewhere), somebody has removed the VM, shut it down or moved it to a third host, so that nothing was left to do.
        - V(quarantined), it is held paused and a person must choose. V(lost), its QEMU has ended on both hosts.
        - V(unknown), nobody can tell where it is.
      type: str
    reason:
      description: Why it did not move, or what is remarkable.
      type: str
    downtime_ms:
      description: How long the VM stood still, measured on the coordinator from the source's pause to the destination's resumption.
      type: float
    duration_s:
      description: How long the migration took.
      type: float
    iterations:
      description: How many times memory was copied over.
      type: int
    memory_processed_mib:
      description: How much was sent.
      type: float
    started_at:
      description: When it was begun, in seconds since the epoch. None for a step that was not.
      type: float
    ended_at:
      description: When it ended, likewise.
      type: float
  sample:
    - domain: web1
      source: kvm2
      destination: kvm3
      outcome: moved
      downtime_ms: 83
goal:
  description: Whether what was asked for holds, as it was seen after the last migration.
  returned: when not in check mode, and the executor has come to its end
  type: dict
  contains:
    holds:
      description: Whether it holds.
      type: bool
    message:
      description: What does not hold, in a sentence or two. Empty where all does.
      type: str
    lacks:
      description: The VMs that are not as the goal needs them.
      type: list
      elements: dict
      contains:
        domain:
          description: The VM.
          type: str
        uuid:
          description: Its UUID.
          type: str
        host:
          description: Where it is. Empty where nobody has it, or nobody knows.
          type: str
        state:
          description: Its state in libvirt's words, V(gone) or V(unknown).
          type: str
        planned:
          description: Whether the plan had a migration for it. Others were started, or came from elsewhere, since it was made.
          type: bool
        movable:
          description: Whether another plan may help.
          type: bool
    silent:
      description: Hosts that the goal is about and that did not answer.
      type: list
      elements: str
  sample:
    holds: false
    message: "kvm1 is not empty: vm9 (running, not there when this was planned)."
    lacks:
      - domain: vm9
        uuid: 6d0a8f5e-4c11-4f0e-9d61-1f1f2b3c4d5e
        host: kvm1
        state: running
        planned: false
        movable: true
    silent: []
again:
  description:
    - With what to plan and migrate once more, because the cluster has changed since the plan was made. Null where that would not help, is not
      wanted or not needed.
  returned: when not in check mode, and the executor has come to its end
  type: dict
  contains:
    tries:
      description: What is left of O(tries).
      type: int
    time_limit:
      description: What is left of O(time_limit), V(0) where there is none.
      type: int
seen:
  description: The VMs of each host that was looked at after the last migration; null for a host that did not answer.
  returned: when not in check mode, and the executor has come to its end
  type: dict
moved:
  description: Names of the VMs that are at their destination now.
  returned: when not in check mode
  type: list
  elements: str
duration_s:
  description: How long carrying out the plan took, in seconds.
  returned: when not in check mode
  type: float
folder:
  description: Where on the coordinator the plan and the journal are.
  returned: when not in check mode
  type: str
running:
  description: Whether the executor may still be at work, because the coordinator went out of reach.
  returned: when not in check mode
  type: bool
report:
  description: The outcomes as a table for people.
  returned: when not in check mode
  type: str
"""

import traceback

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ..module_utils._errors import DroverError, failure
from ..module_utils._execution.apply import apply_plan
from ..module_utils._libvirt.connection import LIBVIRT_IMPORT_ERROR
from ..module_utils._request.argspec import migration_argument_spec


def main() -> None:
    argument_spec = {
        "plan": {"type": "raw", "required": True},
        "group": {"type": "str", "default": "kvm"},
        "registered": {"type": "dict", "default": {}},
        "policy": {"type": "raw"},
        "figures": {"type": "dict"},
        "unreachable": {"type": "str", "choices": ["fail", "ignore"], "default": "fail"},
        "max_age": {"type": "int", "default": 3600},
        "digest": {"type": "str"},
        "page": {"type": "path"},
        "coordinator": {"type": "str"},
        "uri": {"type": "str", "default": "qemu:///system"},
        "directory": {"type": "path", "default": "/var/lib/drover/executions"},
        "execution": {"type": "str"},
        "owner": {"type": "str"},
        "purpose": {"type": "str"},
        "locked": {"type": "bool", "default": False},
        "keep": {"type": "int", "default": 20},
        "progress": {"type": "str", "choices": ["lines", "none"], "default": "lines"},
        "heartbeat_timeout": {"type": "int", "default": 60},
        "time_limit": {"type": "int", "default": 0},
        "look_at": {"type": "list", "elements": "str", "default": []},
        "tries": {"type": "int", "default": 1},
        "migration": {"type": "dict", "options": migration_argument_spec()},
    }
    module = AnsibleModule(argument_spec=argument_spec, supports_check_mode=True)
    if LIBVIRT_IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("libvirt"), exception=LIBVIRT_IMPORT_ERROR)
    plan = module.params["plan"]
    if not isinstance(plan, dict):
        module.fail_json(
            msg="The plan must be a document here; its path is read by the action on the controller."
        )
    if module.check_mode:
        module.exit_json(changed=bool(plan.get("steps")))
    try:
        answer = apply_plan(plan, module.params)
    except DroverError as error:
        module.fail_json(exception=traceback.format_exc(), **failure(error))
    module.exit_json(**answer)


if __name__ == "__main__":
    main()
