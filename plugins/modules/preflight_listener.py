#!/usr/bin/python
# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A listener on the migration ports."""

from __future__ import annotations

DOCUMENTATION = r"""
module: preflight_listener
short_description: Answer on the migration ports for a short while
version_added: 1.0.0
author:
  - The Drover authors (@drover)
description:
  - Starts a process on the host that answers on some of its migration ports, so that M(drover.libvirt.preflight_info) on
    the other hosts can prove that it reaches them. It ends by itself.
  - A port on which somebody listens already, such as a QEMU that waits for its VM, is left alone. libvirt leaves the
    ports alone that are listened on here, and takes the next ones.
  - It tells everybody who asks on these ports the name of the host and the time.
extends_documentation_fragment:
  - drover.libvirt.attributes
  - drover.libvirt.attributes.action_group
attributes:
  check_mode:
    support: full
    details:
      - It listens in check mode, too, for it leaves nothing behind.
  diff_mode:
    support: N/A
    details:
      - There is nothing to show.
  idempotent:
    support: N/A
    details:
      - It changes nothing that stays.
options:
  state:
    description: Whether to begin to listen, or to end what was begun.
    type: str
    choices: [started, stopped]
    default: started
  name:
    description: How the cluster calls this host. By default its own name.
    type: str
  address:
    description: The address of this host on the migration network.
    type: str
    required: true
  ports:
    description:
      - The range from which QEMU takes ports for migrations. Its ends and its middle are listened on.
    type: str
    default: 49152-49215
  seconds:
    description: After how many seconds it ends by itself.
    type: int
    default: 300
requirements:
  - Python 3.9 or later on the host
seealso:
  - module: drover.libvirt.preflight_info
"""

EXAMPLES = r"""
- name: Listen on the migration ports
  drover.libvirt.preflight_listener:
    name: "{{ inventory_hostname }}"
    address: 10.88.1.1
  register: drover_listener

- name: Stop listening
  drover.libvirt.preflight_listener:
    address: 10.88.1.1
    state: stopped
"""

RETURN = r"""
ports:
  description: The ports that are listened on.
  returned: when O(state=started)
  type: list
  elements: int
  sample: [49152, 49183, 49215]
stopped:
  description: Whether there was a listener to stop.
  returned: when O(state=stopped)
  type: bool
"""

import platform

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._errors import or_fail
from ..module_utils._preflight.listener import bind_ports, serve_in_background, stop
from ..module_utils._preflight.talk import parse_range, sample_ports


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["started", "stopped"], "default": "started"},
            "name": {"type": "str"},
            "address": {"type": "str", "required": True},
            "ports": {"type": "str", "default": "49152-49215"},
            "seconds": {"type": "int", "default": 300},
        },
        supports_check_mode=True,
    )
    params = module.params
    try:
        ports = sample_ports(*parse_range(params["ports"]))
    except ValueError:
        module.fail_json(msg=f"{params['ports']} is not a port range. Write it like 49152-49215.")
    if params["state"] == "stopped":
        module.exit_json(changed=False, stopped=stop(params["address"], ports))
    listening = or_fail(module, lambda: bind_ports(params["address"], ports))
    serve_in_background(params["name"] or platform.node(), listening, params["seconds"])
    module.exit_json(changed=False, ports=sorted(listening))


if __name__ == "__main__":
    main()
