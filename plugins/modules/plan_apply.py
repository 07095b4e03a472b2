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
  - A migration that is predicted to end after the plan's deadline, or after the window of its VM has closed, is not started and reported as skipped.
  - When a VM moved, or failed to, is written into its own definition, for the next plan to leave it in peace.
options:
  plan:
    description:
      - The plan document, or the path of a file on the controller that holds it.
    type: raw
    required: true
  coordinator:
    description:
      - Name of the coordinator among the plan's hosts. Its own libvirt is reached at O(uri) and not over the network.
      - The action fills it in with the name of the host on which the task runs.
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
    description: Who asked for it. Shown to whoever tries to start another execution meanwhile.
    type: str
  purpose:
    description: What it is for, in a few words. By default the plan's goal. Whoever wants the same follows a running execution; others are refused.
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
    description: Seconds after which nothing more is started. V(0) is no limit.
    type: int
    default: 0
extends_documentation_fragment:
  - drover.libvirt.attributes
  - drover.libvirt.attributes.action_group
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
  run_once: true
  register: evacuation

- name: Migrate
  drover.libvirt.plan_apply:
    plan: "{{ evacuation.plan }}"
  delegate_to: "{{ evacuation.coordinator }}"
  run_once: true

- name: Migrate by a plan that was made, reviewed and approved earlier
  drover.libvirt.plan_apply:
    plan: plans/tonight.json
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
      description: V(moved), V(not_moved), V(skipped) or V(unknown).
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
  sample:
    - domain: web1
      source: kvm2
      destination: kvm3
      outcome: moved
      downtime_ms: 83
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

import os
import time
import traceback

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ..module_utils._errors import DroverError, failure
from ..module_utils._execution.execution import ExecutionSettings, execute
from ..module_utils._execution.executor import MOVED
from ..module_utils._execution.migrating import StepRunner
from ..module_utils._libvirt.connection import LIBVIRT_IMPORT_ERROR
from ..module_utils._migration.argspec import migration_argument_spec, read_options


def main() -> None:
    argument_spec = {
        "plan": {"type": "raw", "required": True},
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
    settings = ExecutionSettings(
        folder=os.path.join(
            module.params["directory"], module.params["execution"] or time.strftime("%Y%m%dT%H%M%S")
        ),
        owner=module.params["owner"] or "unknown",
        heartbeat_timeout_s=module.params["heartbeat_timeout"],
        time_limit_s=module.params["time_limit"],
        purpose=module.params["purpose"] or str(plan.get("goal", "")),
        locked=module.params["locked"],
        keep=module.params["keep"],
    )
    try:
        runner = StepRunner(
            plan,
            module.params["coordinator"],
            module.params["uri"],
            read_options(module.params["migration"] or {}),
        )
        began_s = time.monotonic()
        outcomes = execute(plan, settings, runner, time.time)
    except DroverError as error:
        module.fail_json(exception=traceback.format_exc(), **failure(error))
    moved = [outcome.step.domain for outcome in outcomes if outcome.outcome == MOVED]
    module.exit_json(
        changed=any(
            not outcome.details.get("already_there")
            for outcome in outcomes
            if outcome.outcome == MOVED
        ),
        outcomes=[outcome.document() for outcome in outcomes],
        moved=moved,
        duration_s=round(time.monotonic() - began_s, 1),
        folder=settings.folder,
    )


if __name__ == "__main__":
    main()
