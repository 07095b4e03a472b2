#!/usr/bin/python
# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host knows of the power of all hosts."""

from __future__ import annotations

DOCUMENTATION = r"""
module: power_mark_info
short_description: Read the power marks that a host keeps
version_added: 1.0.0
author: The Drover authors (@drover)
description:
  - Reads the power marks of all hosts that the host keeps on which it runs, which boot that host is in, and whether it is about to go down.
extends_documentation_fragment:
  - drover.libvirt.attributes
  - drover.libvirt.attributes.info_module
  - drover.libvirt.attributes.action_group
options:
  facts_of:
    description: The hosts whose marks are returned with the facts that were kept, which are most of their size.
    type: list
    elements: str
    default: []
  directory:
    description: The directory of the power marks.
    type: path
    default: /var/lib/drover/power
seealso:
  - module: drover.libvirt.power_mark
"""

EXAMPLES = r"""
- name: Read what is on record about the power of all hosts
  drover.libvirt.power_mark_info:
  register: power_marks
"""

RETURN = r"""
marks:
  description: The power marks by host, as M(drover.libvirt.power_mark) returns them, but without the facts of hosts that O(facts_of) does not name.
  returned: success
  type: dict
boot_id:
  description: The boot that this host is in.
  returned: success
  type: str
shutting_down:
  description: Whether a shutdown of this host is scheduled or under way.
  returned: success
  type: bool
clock_epoch_s:
  description: The time of this host's clock.
  returned: success
  type: float
"""

import time

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._errors import or_fail
from ..module_utils._facts.power_marks import parse_power_mark, without_facts
from ..module_utils._linux.boot import read_boot_id
from ..module_utils._linux.mark_files import read_marks
from ..module_utils._linux.shutting_down import is_shutting_down


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "facts_of": {"type": "list", "elements": "str", "default": []},
            "directory": {"type": "path", "default": "/var/lib/drover/power"},
        },
        supports_check_mode=True,
    )
    directory, facts_of = module.params["directory"], module.params["facts_of"]
    marks, problems = or_fail(module, lambda: read_marks(directory, parse_power_mark))
    for warning in problems.values():
        module.warn(warning)
    module.exit_json(
        changed=False,
        marks={
            host: mark if host in facts_of else without_facts(mark) for host, mark in marks.items()
        },
        boot_id=read_boot_id(),
        shutting_down=is_shutting_down(),
        clock_epoch_s=round(time.time(), 3),
    )


if __name__ == "__main__":
    main()
