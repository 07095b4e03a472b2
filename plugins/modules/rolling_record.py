#!/usr/bin/python
# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How far the rolling maintenance of a cluster came."""

from __future__ import annotations

DOCUMENTATION = r"""
module: rolling_record
short_description: Keep on a host how far a rolling maintenance came
version_added: 1.0.0
author: The Drover authors (@drover)
description:
  - Reads or writes on the host on which it runs the record of the rolling maintenance of its cluster.
  - Run it on all hosts. Each keeps a copy, so that it can be read while others are off; of different copies the one with the highest
    RV(record.number) holds.
  - The role P(drover.libvirt.rolling#role) does so, beginning with the record that M(drover.libvirt.rolling_survey) makes.
options:
  record:
    description: The record that RV(record) follows, by O(event). It is kept with the next RV(record.number). Without it the record that is there is returned.
    type: dict
  event:
    description:
      - What is about to happen or has happened. Needed with O(record).
      - V(begin) a run is going to maintain O(hosts). Hosts that are not in O(cluster) any more are forgotten.
      - V(empty) the batch O(hosts) is going to be emptied, after the batches of O(done).
      - V(maintained) the operator's tasks came to their end on O(hosts).
      - V(end) the run that was to maintain O(hosts) had its last batch.
      - V(stop) the run has stopped. Changes the record that is there, and only where it is of the run of O(record).
    type: str
    choices: [begin, empty, maintained, end, stop]
  hosts:
    description: The hosts that O(event) is about.
    type: list
    elements: str
    default: []
  done:
    description: The hosts whose turn is over, for O(event=empty).
    type: list
    elements: str
    default: []
  cluster:
    description: All hosts of the cluster, for O(event=begin).
    type: list
    elements: str
    default: []
  seen:
    description: The runs whose records may be replaced, beside those of the same run. Where another one has written, the module fails.
    type: list
    elements: str
    default: []
  directory:
    description: The directory of the record.
    type: path
    default: /var/lib/drover/rolling
extends_documentation_fragment:
  - drover.libvirt.attributes
  - drover.libvirt.attributes.action_group
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: none
    details:
      - A record that is written again gets the next number.
seealso:
  - module: drover.libvirt.rolling_survey
  - module: drover.libvirt.host_mark
"""

EXAMPLES = r"""
- name: Read the record of the rolling maintenance
  drover.libvirt.rolling_record:
  register: rolling_kept

- name: Keep that a batch is going to be emptied
  drover.libvirt.rolling_record:
    record: "{{ rolling_kept.record }}"
    event: empty
    hosts: [kvm3, kvm4]
    done: [kvm1, kvm2]
  register: rolling_kept
"""

RETURN = r"""
text:
  description: What is left, in words. Empty where the maintenance is finished.
  returned: with O(event=end)
  type: str
record:
  description: The record that this host keeps now, or would keep after a run without check mode; null when there is none.
  returned: success
  type: dict
  contains:
    number:
      description: Counts the changes, over all runs.
      type: int
      returned: success
    run:
      description: The run of the playbook that wrote it.
      type: str
      returned: success
    by:
      description: Who started that run.
      type: str
      returned: success
    since:
      description: When that run began, RFC 3339.
      type: str
      returned: success
    process:
      description: The process of that run and its boot and PID namespace. Empty where the controller cannot tell.
      type: list
      elements: str
      returned: success
    running:
      description: Whether that run has not ended, as far as the record knows.
      type: bool
      returned: success
    tasks:
      description: The file with the operator's tasks.
      type: str
      returned: success
    hosts:
      description: The hosts to maintain.
      type: list
      elements: str
      returned: success
    batch:
      description: The hosts of the batch that was begun last.
      type: list
      elements: str
      returned: success
    maintained:
      description: The hosts on which the operator's tasks came to their end.
      type: list
      elements: str
      returned: success
    finished:
      description: Whether the maintenance is over.
      type: bool
      returned: success
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._errors import or_fail
from ..module_utils._facts import rolling_changes
from ..module_utils._linux.rolling_record import keep_stopped, read_record, write_record

CHANGES = {
    "begin": lambda record, asked: rolling_changes.begun(record, asked["hosts"], asked["cluster"]),
    "empty": lambda record, asked: rolling_changes.emptying(record, asked["hosts"], asked["done"]),
    "maintained": lambda record, asked: rolling_changes.maintained(record, asked["hosts"]),
    "end": lambda record, asked: rolling_changes.ended(record, asked["hosts"]),
}


def main() -> None:
    """Run the module."""
    names = {"type": "list", "elements": "str", "default": []}
    module = AnsibleModule(
        argument_spec={
            "record": {"type": "dict"},
            "event": {"type": "str", "choices": [*CHANGES, "stop"]},
            "hosts": names,
            "done": names,
            "cluster": names,
            "seen": names,
            "directory": {"type": "path", "default": "/var/lib/drover/rolling"},
        },
        required_together=[("record", "event")],
        supports_check_mode=True,
    )
    asked, check = module.params, module.check_mode
    record, seen, directory = asked["record"], asked["seen"], asked["directory"]
    if record is None:
        module.exit_json(changed=False, record=or_fail(module, lambda: read_record(directory)))
    if asked["event"] == "stop":
        stopped = or_fail(module, lambda: keep_stopped(record["run"], directory, check))
        module.exit_json(**stopped._asdict())
    wanted = CHANGES[asked["event"]](record, asked)
    written = or_fail(module, lambda: write_record(wanted, seen, directory, check))
    text = rolling_changes.rest(written) if asked["event"] == "end" else ""
    module.exit_json(changed=True, record=written, text=text)


if __name__ == "__main__":
    main()
