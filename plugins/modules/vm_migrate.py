#!/usr/bin/python
# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One VM, and the host to run it."""

from __future__ import annotations

DOCUMENTATION = r"""
module: vm_migrate
short_description: Make a VM run on another libvirt host
version_added: 1.0.0
author:
  - The Drover authors (@drover)
description:
  - Migrates one virtual machine live from the host that runs it to another one, and says where it is afterwards.
  - Runs on the source or on any other host that reaches the libvirt daemons of both. The copy itself goes from QEMU to
    QEMU, and goes on when the process that asked for it dies.
  - What must hold for a migration is checked first, all of it, so that every failure is seen at once.
  - The VM can never run on both hosts at once, not even when a daemon or a link fails while it changes hands (see O(handover)).
  - Whatever libvirt returns, success or error, both hosts are read afterwards. The outcome is what they say.
  - The VM's definition, its mark for autostart and a paused state travel with it. A transient VM stays transient. Disks are not touched, unless
    O(copy_storage) says so.
extends_documentation_fragment:
  - drover.libvirt.attributes
  - drover.libvirt.attributes.action_group
  - drover.libvirt.migration
attributes:
  check_mode:
    support: full
    details:
      - All prerequisites are checked.
  diff_mode:
    support: full
  idempotent:
    support: full
    details:
      - A VM that runs on the destination already is left alone. Only a definition of it that was left on the source is removed.
options:
  state:
    description:
      - V(migrated) makes the VM run on the destination.
      - V(reconciled) copies nothing. It brings a VM that an interrupted migration left on both hosts, or paused on one, to one definition and
        at most one QEMU. What waits for its handover is resumed when the source's QEMU is proved gone, what never ran is removed. A VM that
        runs on both hosts is paused on both, and the module fails. While one host does not answer nothing is started. A post-copy migration that broke is
        resumed, which brings the rest of the memory over.
      - V(aborted) aborts the running migration of a VM, no matter who began it. The VM keeps running where it is. Only the source is asked. Nothing is
        changed when no migration is running. In post-copy the VM needs both hosts, so the module refuses.
    type: str
    choices: [migrated, reconciled, aborted]
    default: migrated
  mode:
    description:
      - V(live) copies the memory while the VM runs.
      - V(quick) saves the memory to O(save_directory), moves the file from host to host by an atomic rename, and restores it. The VM stands still
        meanwhile, but the hosts need no connection to each other, and it always converges. When anything fails the VM keeps running where it was. Where a
        guest agent answers it sets the clock of the VM afterwards.
      - V(offline) moves the definition of a VM that is shut off.
    type: str
    choices: [live, quick, offline]
    default: live
  copy_storage:
    description:
      - Whether disks that are files on the source's own storage are copied together with the memory.
      - V(all) copies them whole. V(inc) copies the upper layer only; the images below must be on both hosts. With V(none) all disks must be on
        storage that both hosts share.
      - The copies are made at the same paths, as thin as the originals, if there is room for them; an existing file is never overwritten. When the
        migration fails they are removed again. When it cannot be told where the VM is they stay, and RV(leftovers) names them.
      - The bandwidth and the times of a migration count for memory and disks together.
    type: str
    choices: [none, all, inc]
    default: none
  migrate_disks:
    description:
      - The disks to copy, by their names in the VM such as V(vda).
      - By default all writable disks that are files and that the destination does not have.
    type: list
    elements: str
    default: []
  remove_source_images:
    description:
      - Whether the images that were copied are deleted from the source once the VM runs on the destination and the source knows it no more.
      - Otherwise they are kept as they were at the moment of the handover, and a warning names them.
    type: bool
    default: false
  name:
    description: Name of the VM.
    type: str
    required: true
    aliases: [domain, guest]
  uuid:
    description: UUID of the VM. A VM of the same name with another UUID is refused.
    type: str
  source:
    description: Name of the host that runs the VM, for messages. By default O(source_uri).
    type: str
  source_uri:
    description: How this module reaches the libvirt daemon of the host that runs the VM.
    type: str
    default: qemu:///system
    aliases: [uri]
  destination:
    description: Name of the host to run the VM, for messages. By default O(destination_uri).
    type: str
  destination_uri:
    description:
      - How this module reaches the libvirt daemon of the host that is to run the VM.
      - Required unless O(state=aborted).
    type: str
  peer_uri:
    description:
      - How the libvirt daemon of the source reaches the one of the destination. It connects with its own credentials, normally
        those of root on the source.
      - By default O(destination_uri).
      - A password in this or another URI is refused, for logs and process lists would show it.
    type: str
  believe_mark:
    description:
      - Whether the handover mark in the VM's live definition counts with O(state=reconciled). It says that the VM waits for the end of its migration, but
        metadata can be written by the VM's tenant, too. P(drover.libvirt.reconcile#role) sets V(false) where no journal confirms the mark.
      - With V(false) a marked VM that stands paused is neither resumed nor ended, and the module fails; a mark on a running VM is only removed.
    type: bool
    default: true
  migration_address:
    description:
      - Address of the destination on the network for migrations.
      - Without it libvirt takes the destination's host name, which the source must be able to resolve.
    type: str
requirements:
  - python >= 3.9
  - libvirt >= 8.0 and its Python binding on the host on which the module runs
seealso:
  - module: drover.libvirt.plan_apply
"""

EXAMPLES = r"""
- name: Move web1 from kvm1 to kvm3
  drover.libvirt.vm_migrate:
    name: web1
    destination: kvm3
    destination_uri: qemu+ssh://root@kvm3/system
    migration_address: 10.88.1.3
  delegate_to: kvm1

- name: See whether it could be moved
  drover.libvirt.vm_migrate:
    name: web1
    destination: kvm3
    destination_uri: qemu+ssh://root@kvm3/system
  delegate_to: kvm1
  check_mode: true
  register: preview

- name: Move a VM between hosts that reach each other only through their storage
  drover.libvirt.vm_migrate:
    name: web1
    mode: quick
    save_directory: /srv/vms/saved
    destination: kvm3
    destination_uri: qemu+ssh://root@kvm3/system
  delegate_to: kvm1

- name: Clean up one VM after an interrupted migration
  drover.libvirt.vm_migrate:
    name: web1
    state: reconciled
    destination: kvm3
    destination_uri: qemu+ssh://root@kvm3/system
  delegate_to: kvm1

- name: Move a VM whose disks are on the source's own storage
  drover.libvirt.vm_migrate:
    name: web1
    copy_storage: all
    destination: kvm3
    destination_uri: qemu+ssh://root@kvm3/system
  delegate_to: kvm1

- name: Cancel a migration
  drover.libvirt.vm_migrate:
    name: web1
    state: aborted
  delegate_to: kvm1

- name: Move a busy VM slowly, with a short pause at the end
  drover.libvirt.vm_migrate:
    name: db1
    destination: kvm2
    destination_uri: qemu+tls://kvm2/system
    migration_address: 10.88.1.2
    bandwidth_mib_s: 200
    max_downtime_ms: 200
  delegate_to: kvm1
"""

RETURN = r"""
outcome:
  description:
    - Where the VM is, judged from what both hosts say.
    - V(moved), it runs on the destination and only there. V(already_there), it did so before.
    - V(not_moved), it is on the source as before. V(rolled_back), the same, and what had arrived at the destination was removed.
    - V(quarantined), it is held paused and a person must choose. V(lost), its QEMU has ended on both hosts.
    - V(unknown), one host does not answer, and nothing was started anywhere.
  returned: always
  type: str
  sample: moved
reason:
  description: Why it ended so, as a sentence. Empty for a success.
  returned: always
  type: str
error_code:
  description: Stable name of the failure. Empty for a success.
  returned: always
  type: str
  sample: cpu_incompatible
remedy:
  description: What to do about a failure.
  returned: always
  type: str
retriable:
  description: Whether the same migration may succeed later without anybody changing anything.
  returned: always
  type: bool
evidence:
  description: What the source and the destination say about the VM at the end (C(state), C(reason), C(persistent), C(autostart)).
  returned: always
  type: dict
downtime_ms:
  description: How long the VM stood still, from the source's report of its suspension to the destination's of its resumption, in milliseconds.
  returned: when it moved
  type: float
downtime_reported_ms:
  description: libvirt's own figure for the pause, which ends when memory has arrived.
  returned: when it moved
  type: float
setup_ms:
  description: QEMU's preparation on the source, in milliseconds.
  returned: when it moved
  type: float
duration_s:
  description: From the call to the verdict, in seconds.
  returned: always
  type: float
phases:
  description: Seconds spent in each phase (C(preparation_s), C(transfer_s), C(handover_s), C(cleanup_s)).
  returned: always
  type: dict
phase:
  description: The last phase that was entered.
  returned: always
  type: str
iterations:
  description: Passes over the VM's memory.
  returned: when memory was copied
  type: int
memory_total_mib:
  description: Size of the VM's memory, in MiB.
  returned: when memory was copied
  type: float
memory_processed_mib:
  description: How much was sent, in MiB.
  returned: when memory was copied
  type: float
disk_copied_mib:
  description: How much of disks was sent, in MiB.
  returned: when disks were copied
  type: float
bandwidth_mib_s:
  description: Rate of the copy, in MiB/s.
  returned: when memory was copied
  type: float
throttle_percent:
  description: By how much auto-converge slowed the VM down at most.
  returned: always
  type: int
actions:
  description: What this module did beside the migration, in order.
  returned: always
  type: list
  elements: str
leftovers:
  description: What could not be cleaned up.
  returned: always
  type: list
  elements: str
prerequisites:
  description: What was checked before anything was begun.
  returned: always
  type: list
  elements: dict
  contains:
    id:
      description: Stable name of the check.
      type: str
    severity:
      description: What it means when it does not hold, V(block), V(warn) or V(info).
      type: str
    passed:
      description: Whether it holds.
      type: bool
    evidence:
      description: What was seen.
      type: str
    remedy:
      description: What to do when it does not hold.
      type: str
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ..module_utils._errors import DroverError, failure
from ..module_utils._libvirt.connection import LIBVIRT_IMPORT_ERROR
from ..module_utils._migration.answer import STATES, answer, read_request
from ..module_utils._request.argspec import migration_argument_spec
from ..module_utils._request.options import COPY_STORAGE, MODES


def argument_spec() -> dict[str, t.Any]:
    """Return the module's options."""
    return {
        **migration_argument_spec(),
        "state": {"type": "str", "choices": list(STATES), "default": "migrated"},
        "mode": {"type": "str", "choices": list(MODES), "default": "live"},
        "copy_storage": {"type": "str", "choices": list(COPY_STORAGE), "default": "none"},
        "migrate_disks": {"type": "list", "elements": "str", "default": []},
        "remove_source_images": {"type": "bool", "default": False},
        "name": {"type": "str", "required": True, "aliases": ["domain", "guest"]},
        "uuid": {"type": "str"},
        "source": {"type": "str"},
        "source_uri": {"type": "str", "default": "qemu:///system", "aliases": ["uri"]},
        "destination": {"type": "str"},
        "destination_uri": {"type": "str"},
        "peer_uri": {"type": "str"},
        "migration_address": {"type": "str"},
        "believe_mark": {"type": "bool", "default": True},
    }


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec=argument_spec(),
        required_if=[
            ("mode", "quick", ["save_directory"]),
            ("state", "migrated", ["destination_uri"]),
            ("state", "reconciled", ["destination_uri"]),
        ],
        supports_check_mode=True,
    )
    if LIBVIRT_IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("libvirt"), exception=LIBVIRT_IMPORT_ERROR)
    state, check_mode = module.params["state"], module.check_mode
    try:
        request = read_request(module.params)
    except DroverError as error:
        module.fail_json(**failure(error))
    document = answer(request, state, check_mode)
    for warning in document.pop("warnings"):
        module.warn(warning)
    if document["error_code"]:
        module.fail_json(**document)
    module.exit_json(**document)


if __name__ == "__main__":
    main()
