#!/usr/bin/python
# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Power marks of hosts."""

from __future__ import annotations

DOCUMENTATION = r"""
module: power_mark
short_description: Keep on a host what is on record about the power of another one
version_added: 1.0.0
author: The Drover authors (@drover)
description:
  - Writes on the host on which it runs the power mark of some host of the cluster, such as that it is asleep, since when and how to wake it.
  - Run it on all hosts that are up with a mark that M(drover.libvirt.power_change) has made. Each keeps a copy, so that the mark can be read while
    the marked host is off; of different copies the one with the newest RV(mark.at) holds.
  - An older mark never takes the place of a newer one.
extends_documentation_fragment:
  - drover.libvirt.attributes
  - drover.libvirt.attributes.action_group
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  host:
    description: The host that the mark is about, as the inventory names it.
    type: str
    required: true
  mark:
    description: The mark. Its keys are those of RV(mark).
    type: dict
    required: true
  directory:
    description: The directory of the power marks.
    type: path
    default: /var/lib/drover/power
seealso:
  - module: drover.libvirt.power_change
  - module: drover.libvirt.power_mark_info
"""

EXAMPLES = r"""
- name: Work out the mark of a host that goes to sleep
  drover.libvirt.power_change:
    host: kvm3
    state: going_down
    reason: nothing to do at night
  run_once: true
  register: change

- name: Keep it on every host
  drover.libvirt.power_mark:
    host: kvm3
    mark: "{{ change.mark }}"
"""

RETURN = r"""
mark:
  description: The mark that this host keeps now, or would keep after a run without check mode.
  returned: success
  type: dict
  contains:
    state:
      description: V(on), V(going_down), V(asleep), V(unconfirmed) (silent, but no BMC said that it is off) or V(waking).
      type: str
      returned: success
    at:
      description: When the mark was made, RFC 3339 in UTC.
      type: str
      returned: success
    since:
      description: Since when the host is on, or on its way into sleep, RFC 3339 in UTC.
      type: str
      returned: success
    by:
      description: Who ordered it.
      type: str
      returned: success
    reason:
      description: Why.
      type: str
      returned: success
    wake:
      description: How to wake the host, such as its method and address. Never a password.
      type: dict
      returned: success
    boot_id:
      description: The boot of the host that was ended, so that a host that answers tells whether it went down at all.
      type: str
      returned: success
    facts:
      description: What M(drover.libvirt.host_info) knew of the host before it went to sleep.
      type: dict
      returned: success
    proven:
      description: The newest proof that Drover can wake the host, with C(at), C(boot_s), C(shutdown_s) and C(watts).
      type: dict
      returned: success
    doubtful:
      description: Since when and why the host is not put to sleep again before an operator has cleared that.
      type: dict
      returned: success
    times_off:
      description: How often it was switched off.
      type: int
      returned: success
    off_s:
      description: How many seconds it has slept in all, without the sleep that lasts.
      type: int
      returned: success
    last_on:
      description: When it was switched on last.
      type: str
      returned: success
    last_off:
      description: When it was switched off last.
      type: str
      returned: success
file:
  description: The file that holds the mark.
  returned: success
  type: str
  sample: /var/lib/drover/power/kvm3.json
"""

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._errors import or_fail
from ..module_utils._linux.power_marking import keep_power_mark


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "host": {"type": "str", "required": True},
            "mark": {"type": "dict", "required": True},
            "directory": {"type": "path", "default": "/var/lib/drover/power"},
        },
        supports_check_mode=True,
    )
    host, mark, directory = (module.params[name] for name in ("host", "mark", "directory"))
    kept = or_fail(module, lambda: keep_power_mark(host, mark, directory, module.check_mode))
    for warning in kept.warnings:
        module.warn(warning)
    module.exit_json(
        changed=kept.changed,
        mark=kept.mark,
        file=kept.file,
        diff={
            "before_header": kept.file,
            "after_header": kept.file,
            "before": kept.before,
            "after": kept.after,
        },
    )


if __name__ == "__main__":
    main()
