#!/usr/bin/python
# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Identity files on shared storage."""

from __future__ import annotations

DOCUMENTATION = r"""
module: storage_marker
short_description: Give shared storage an identity
version_added: 1.0.0
author:
  - The Drover authors (@drover)
description:
  - Creates the file C(.drover-storage-id) with a random UUID in the root of shared file systems that have none.
  - Two hosts that read the same UUID see the same storage, under whatever name each has mounted it. That is what
    M(drover.libvirt.host_info) reports as RV(drover.libvirt.host_info#module:host.storage[].identity), and what a
    plan takes as the proof that a VM finds its disks on another host.
  - Run it on all hosts, at the same time if you like. Of several hosts that share a storage exactly one creates the
    file; an existing one is never changed.
extends_documentation_fragment:
  - drover.libvirt.attributes
  - drover.libvirt.attributes.action_group
  - drover.libvirt.libvirt
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  path:
    description:
      - Directories on the storages to mark. The file goes to the root of the mount that holds the directory.
      - By default all shared file systems that hold a storage pool of libvirt or a disk of a VM.
    type: list
    elements: path
  force:
    description:
      - Also mark file systems in O(path) that libvirt does not take for shared, in the directory that is named.
      - Never copy such a directory together with its marker to another host.
    type: bool
    default: false
seealso:
  - module: drover.libvirt.host_info
"""

EXAMPLES = r"""
- name: Identify the storage of VMs on all hosts
  drover.libvirt.storage_marker:

- name: Identify one storage
  drover.libvirt.storage_marker:
    path: /srv/vms
"""

RETURN = r"""
markers:
  description:
    - The UUIDs of the storages by the directory of the marker. In check mode without those that would be created.
  returned: success
  type: dict
  sample:
    /srv/vms: 5f0c2f0e-8f2a-4a63-9d2b-0a4f7d1a9a5e
created:
  description: The directories that got a marker by this host, or would get one in check mode.
  returned: success
  type: list
  elements: str
  sample:
    - /srv/vms
"""

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ..module_utils._errors import or_fail
from ..module_utils._inspection.marking import Marking, mark_storages, marker_path
from ..module_utils._libvirt.connection import LIBVIRT_IMPORT_ERROR


def differences(marking: Marking) -> list[dict[str, str]]:
    """Return the created files as Ansible shows differences."""
    return [
        {
            "before_header": marker_path(path),
            "after_header": marker_path(path),
            "before": "",
            "after": marking.markers.get(path, "a new UUID") + "\n",
        }
        for path in marking.created
    ]


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "uri": {"type": "str", "default": "qemu:///system"},
            "path": {"type": "list", "elements": "path"},
            "force": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    params = module.params
    if LIBVIRT_IMPORT_ERROR and params["path"] is None:
        module.fail_json(msg=missing_required_lib("libvirt"), exception=LIBVIRT_IMPORT_ERROR)
    done = or_fail(
        module,
        lambda: mark_storages(params["path"], params["uri"], params["force"], module.check_mode),
    )
    for warning in done.warnings:
        module.warn(warning)
    module.exit_json(
        changed=bool(done.created),
        markers=done.markers,
        created=done.created,
        diff=differences(done),
    )


if __name__ == "__main__":
    main()
