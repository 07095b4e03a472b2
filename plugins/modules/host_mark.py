#!/usr/bin/python
# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Maintenance marks of hosts."""

from __future__ import annotations

DOCUMENTATION = r"""
module: host_mark
short_description: Mark a host as being in maintenance
version_added: 1.0.0
author:
  - The Drover authors (@drover)
description:
  - Writes on the host on which it runs that some host of the cluster is in maintenance, or that it no longer is.
  - Run it on all hosts with the same O(host) and O(at). Each keeps a copy, so that the mark can be read while the
    marked host is off; of different copies the one with the newest RV(mark.at) holds.
  - Taking a host out of maintenance leaves a mark that says so, or a copy on a host that was away at that time would
    bring the maintenance back. For the same reason a host that knows nothing of the marked one records this as well.
  - An older order never takes the place of a newer one.
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
    description:
      - The host that the mark is about, as the inventory names it.
      - Either this or O(hosts) is required.
    type: str
  hosts:
    description:
      - The hosts that the marks are about, where there are several.
    type: list
    elements: str
  state:
    description:
      - V(maintenance) keeps VMs away from the host; V(active) lets it take part again.
    type: str
    choices:
      - maintenance
      - active
    default: maintenance
  at:
    description:
      - When that was ordered, in the form of RFC 3339, such as V(2026-11-24T09:00:00Z), to the second.
      - By default now, and in any case later than the mark that is already there.
    type: str
  by:
    description:
      - Who ordered it.
    type: str
    default: ""
  reason:
    description:
      - Why.
    type: str
    default: ""
  evacuated:
    description:
      - The VMs that were moved away, which can be brought back afterwards.
      - They are added to those of a mark that is already there.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the VM.
        type: str
        required: true
      uuid:
        description: UUID of the VM.
        type: str
  leaving:
    description:
      - The VMs that are moved away from O(hosts).
    type: list
    elements: dict
    default: []
    suboptions:
      host:
        description: The host that they leave.
        type: str
        required: true
      evacuated:
        description: As O(evacuated).
        type: list
        elements: dict
        required: true
        suboptions:
          name:
            description: Name of the VM.
            type: str
            required: true
          uuid:
            description: UUID of the VM.
            type: str
  directory:
    description:
      - The directory of the marks.
    type: path
    default: /var/lib/drover/marks
seealso:
  - module: drover.libvirt.host_info
"""

EXAMPLES = r"""
- name: Put kvm2 into maintenance
  drover.libvirt.host_mark:
    host: kvm2
    reason: new memory modules
    evacuated:
      - name: web1
        uuid: 0b0d7e8e-5d5f-4d4e-8f2c-2f8f5b0c3b11

- name: Put two hosts into maintenance
  drover.libvirt.host_mark:
    hosts: [kvm2, kvm5]
    leaving:
      - host: kvm5
        evacuated:
          - name: web2

- name: Take kvm2 out of maintenance
  drover.libvirt.host_mark:
    host: kvm2
    state: active
"""

RETURN = r"""
marks:
  description: The marks that this host keeps now of each host, in the form of RV(mark), or would keep after a run without check mode.
  returned: success
  type: dict
mark:
  description: The mark that this host keeps now, or would keep after a run without check mode.
  returned: with O(host)
  type: dict
  sample:
    maintenance: true
    at: "2026-11-24T09:00:00Z"
    by: alice
    reason: new memory modules
    evacuated:
      - name: web1
        uuid: 0b0d7e8e-5d5f-4d4e-8f2c-2f8f5b0c3b11
  contains:
    maintenance:
      description: Whether the host is in maintenance.
      type: bool
      returned: success
    at:
      description: Since when, in UTC.
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
    evacuated:
      description: The VMs that were moved away.
      type: list
      elements: dict
      returned: success
file:
  description: The file that holds the mark.
  returned: with O(host)
  type: str
  sample: /var/lib/drover/marks/kvm2.json
"""

import datetime
import typing as t

from ansible.module_utils.basic import AnsibleModule

from ..module_utils._errors import or_fail
from ..module_utils._linux.marking import Done, Order, carry_out

VM = {"name": {"type": "str", "required": True}, "uuid": {"type": "str"}}
VMS = {"type": "list", "elements": "dict", "options": VM}
LEAVING = {"host": {"type": "str", "required": True}, "evacuated": {**VMS, "required": True}}
ARGUMENTS: dict[str, dict[str, t.Any]] = {
    "host": {"type": "str"},
    "hosts": {"type": "list", "elements": "str"},
    "state": {"type": "str", "choices": ["maintenance", "active"], "default": "maintenance"},
    "at": {"type": "str"},
    "by": {"type": "str", "default": ""},
    "reason": {"type": "str", "default": ""},
    "evacuated": {**VMS, "default": []},
    "leaving": {"type": "list", "elements": "dict", "options": LEAVING, "default": []},
    "directory": {"type": "path", "default": "/var/lib/drover/marks"},
}


def orders(params: dict[str, t.Any]) -> dict[str, Order]:
    """Return what is asked for, by the host that it is about."""
    rest = {key: params[key] for key in ("state", "at", "by", "reason", "directory")}
    if params["hosts"] is None:
        return {params["host"]: Order(host=params["host"], evacuated=params["evacuated"], **rest)}
    leaving = {each["host"]: each["evacuated"] for each in params["leaving"]}
    return {
        host: Order(host=host, evacuated=leaving.get(host, ()), **rest) for host in params["hosts"]
    }


def differences(done: t.Iterable[Done]) -> list[dict[str, str]]:
    """Return the changed files as Ansible shows differences."""
    return [
        {
            "before_header": one.file,
            "after_header": one.file,
            "before": one.before,
            "after": one.after,
        }
        for one in done
    ]


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec=ARGUMENTS,
        required_one_of=[("host", "hosts")],
        mutually_exclusive=[("host", "hosts")],
        supports_check_mode=True,
    )
    now = datetime.datetime.now(datetime.timezone.utc)
    wanted = orders(module.params)
    done = or_fail(
        module,
        lambda: {host: carry_out(order, now, module.check_mode) for host, order in wanted.items()},
    )
    for warning in [warning for one in done.values() for warning in one.warnings]:
        module.warn(warning)
    only = done.get(module.params["host"])
    module.exit_json(
        changed=any(one.changed for one in done.values()),
        marks={host: one.mark for host, one in done.items()},
        diff=differences(done.values()),
        **({"mark": only.mark, "file": only.file} if only else {}),
    )


if __name__ == "__main__":
    main()
