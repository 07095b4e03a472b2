# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What modules that migrate VMs have in common."""

from __future__ import annotations

import re
import textwrap

_BELOW = r"""
options:
  migration:
    description: How the VMs are migrated.
    type: dict
    suboptions:
"""


class ModuleDocFragment:
    """How a migration is carried out: options of modules that migrate one VM."""

    DOCUMENTATION = r"""
options:
  mode:
    description:
      - V(live) copies the memory while the VM runs.
      - V(quick) saves the memory to O(save_directory), moves the file from host to host by an atomic rename, and restores it. The VM stands still
        meanwhile, but the hosts need no connection to each other, and it always converges. When anything fails the VM keeps running where it was.
    type: str
    choices: [live, quick]
    default: live
  save_directory:
    description:
      - For O(mode=quick), a directory on the storage of the VM's disks. Both hosts, and the one that drives the migration, must see it at the same path.
      - Once given, an interrupted quick move that has left its image there is finished first.
    type: path
  handover:
    description:
      - Who lets the VM run on the destination once its memory has arrived.
      - V(controller) keeps it paused there until the source's QEMU is proved gone, so that it can never run on both
        hosts, not even when a libvirt daemon or a link fails in this moment.
      - V(libvirt) leaves it to libvirt. The pause is shorter by what that proof takes, some hundredths of a second. When the
        destination's answer is lost, the VM runs on both hosts, unless locks on its disk images work between the hosts.
      - V(auto) is V(libvirt) for a VM whose lock on one of its images is seen by the destination, for then it cannot run on both hosts
        either, and V(controller) for all others. The check C(image_locks) of the result says which it was. It relies on the locks for as long as the
        VM changes hands; V(controller) relies on nothing but the source's word.
    type: str
    choices: [auto, controller, libvirt]
    default: auto
  max_downtime_ms:
    description:
      - The longest pause of the VM, in milliseconds, that QEMU may plan for the last part of the copy.
      - A migration begins with 100 ms and is allowed more step by step while it does not converge.
    type: int
    default: 500
  downtime_steps:
    description: In how many steps the planned pause grows to O(max_downtime_ms).
    type: int
    default: 10
  bandwidth_mib_s:
    description: Limit of the copy in MiB/s. Without it the network is the limit.
    type: int
  auto_converge:
    description: Whether QEMU may slow the VM down when it rewrites its memory faster than it can be copied.
    type: bool
    default: true
  post_copy:
    description:
      - V(on_stall) finishes a copy that does not converge by post-copy. The VM runs on at the destination and fetches its memory from the
        source as it needs it.
      - Until that has ended the VM needs both hosts, and is lost when one of them, or the link, dies for good. The handover is libvirt's own then.
    type: str
    choices: [never, on_stall]
    default: never
  parallel_connections:
    description: Copy over this number of connections at once instead of one.
    type: int
  compression:
    description:
      - How QEMU compresses the copy, which costs it CPU time.
      - V(xbzrle) sends only what changed in pages that were sent before; it helps VMs that rewrite parts of the same pages.
      - V(mt) compresses every page with several threads, and cannot be combined with O(post_copy). QEMU 9.1 and newer do not have it any more.
      - Neither goes with O(parallel_connections).
      - Drover's own tests have tried it under QEMU's emulator only. There a VM that was migrated again after a cancelled attempt sometimes arrived with an
        old page of memory, more often with compression than without. Try it on your hosts before you rely on it.
    type: str
    choices: [none, xbzrle, mt]
    default: none
  tls:
    description:
      - Whether QEMU encrypts the copy. Both hosts need certificates for migrations (in C(/etc/pki/qemu), if C(qemu.conf) names no other directory),
        issued by one authority for the addresses that they migrate to.
    type: bool
    default: false
  timeout_s_per_gib:
    description: The time that the copy may take, in seconds for each GiB of the VM's memory and of disks that are copied.
    type: float
    default: 150.0
  timeout_min_s:
    description: The time that the copy may take at least, in seconds, however small the VM is.
    type: float
    default: 300.0
  stall_window_s:
    description:
      - The copy has stalled when what remains to be sent is not smaller than it was this many seconds ago.
    type: float
    default: 40.0
  stall_margin:
    description: By which fraction the remainder must have shrunk to count as smaller.
    type: float
    default: 0.04
  no_progress_timeout_s:
    description: The copy is cancelled when not one byte was sent for this many seconds.
    type: float
    default: 60.0
  abort_timeout_s:
    description: How many seconds a cancelled migration may take to end before its outcome is called unknown.
    type: float
    default: 30.0
  settle_timeout_s:
    description: For how many seconds both hosts are asked again after a failure, until both have answered.
    type: float
    default: 60.0
  announce:
    description:
      - Whether QEMU tells the VM's networks for six seconds after a live migration where the VM is now, for switches that learn slowly. By itself it does so
        five times within 0.6 s.
      - libvirt has no call for it. The order goes to QEMU's monitor, so libvirt notes that the VM is tainted (C(custom-monitor)) until it leaves that host.
    type: bool
    default: false
  unsafe:
    description: Whether libvirt may migrate although it does not know the storage of the VM's disks as shared.
    type: bool
    default: false
"""

    # The same options below one, for modules that migrate by a plan. (Assigned with a type, because ansible-test
    # takes every plain assignment here for YAML.)
    NESTED: str = _BELOW + textwrap.indent(
        re.sub(r"\bO\(", "O(migration.", DOCUMENTATION.partition("options:\n")[2]), " " * 4
    )
