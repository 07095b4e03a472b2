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
  - The role P(drover.libvirt.rolling#role) does so, with records that M(drover.libvirt.rolling_survey) makes.
options:
  record:
    description: The record to keep. It is kept with the next RV(record.number). Without it the record that is there is returned.
    type: dict
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
"""

RETURN = r"""
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
from ..module_utils._linux.rolling_record import read_record, write_record


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "record": {"type": "dict"},
            "seen": {"type": "list", "elements": "str", "default": []},
            "directory": {"type": "path", "default": "/var/lib/drover/rolling"},
        },
        supports_check_mode=True,
    )
    wanted, seen, directory = (module.params[name] for name in ("record", "seen", "directory"))
    if wanted is None:
        module.exit_json(changed=False, record=or_fail(module, lambda: read_record(directory)))
    written = or_fail(module, lambda: write_record(wanted, seen, directory, module.check_mode))
    module.exit_json(changed=True, record=written)


if __name__ == "__main__":
    main()
