# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The VM itself: that it can leave its host at all, and that its name is free on the destination.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t

from .._facts.blockers import Subject, blockers
from .._libvirt.domain import find_domain
from .._libvirt.statistics import vcpu_time_s
from .context import Context
from .finding import Finding, blocks, holds, warns
from .image_locks import Look, writable_images


def active(context: Context) -> t.Iterator[Finding]:
    """The VM runs or is paused; for an offline move it is shut off."""
    state = context.facts.state
    offline = context.request.options.mode == "offline"
    fit = not state.active if offline else state.state in ("running", "paused", "blocked")
    if fit:
        yield holds("active", "The VM is {}.".format(state))
        return
    if offline:
        yield blocks(
            "active",
            "The VM is {} on {}, and only its definition would move.".format(
                state, context.request.source_name
            ),
            "Migrate it live, or shut it down first.",
        )
        return
    yield blocks(
        "active",
        "The VM is {} on {} and cannot be migrated live.".format(
            state, context.request.source_name
        ),
        "Start it, or move its definition (mode offline).",
    )


def no_job(context: Context) -> t.Iterator[Finding]:
    """libvirt is not busy with the VM."""
    job = context.facts.job
    if job == "migration_out":
        yield blocks(
            "no_job",
            "Another migration of the VM is running.",
            "Wait for it to end, or cancel it (virsh domjobabort).",
        )
    elif job:
        yield blocks(
            "no_job",
            "A job is running on the VM ({}).".format(job.replace("_", " ")),
            "Wait for it to end, or cancel it (virsh domjobabort).",
        )
    else:
        yield holds("no_job", "No job is running on the VM.")


def movable(context: Context) -> t.Iterator[Finding]:
    """Nothing ties the VM to its host: no host device, no snapshot, no encrypted memory..."""
    facts = context.facts
    found = blockers(
        Subject(
            root=context.definition,
            active=facts.state.active,
            state=facts.state.state,
            reason=facts.state.reason,
            disks=[],  # libvirt itself refuses disks on storage that is not shared
            storage_of=lambda _path: None,
            snapshots=facts.snapshots,
            managed_save=facts.managed_save,
        )
    )
    for blocker in found:
        yield blocks(blocker["code"], blocker["message"], blocker["remedy"])
    if not found:
        yield holds("movable", "Nothing ties the VM to its host.")


def free_name(context: Context) -> t.Iterator[Finding]:
    """The destination has no other VM with this name or UUID, and does not run this one."""
    facts, before = context.facts, context.destination_before
    namesake = find_domain(context.destination, None, facts.name)
    if namesake is not None and namesake.UUIDString() != facts.uuid:
        yield blocks(
            "free_name",
            "{} has another VM with the name {} (UUID {}).".format(
                context.there, facts.name, namesake.UUIDString()
            ),
            "Rename or remove one of the two.",
        )
        return
    itself = find_domain(context.destination, facts.uuid)
    if itself is not None and itself.name() != facts.name:
        yield blocks(
            "free_name",
            "The VM {} on {} has the same UUID {}.".format(
                itself.name(), context.there, facts.uuid
            ),
            "Give one of the two another UUID, or remove the definition that is not needed.",
        )
        return
    yield (
        _known_there(context)
        if before.state != "absent"
        else holds("free_name", "The name and the UUID are free on {}.".format(context.there))
    )


def _known_there(context: Context) -> Finding:
    """The destination knows this VM: an old definition is replaced, a second QEMU an emergency."""
    before = context.destination_before
    if before.active:
        return blocks(
            "free_name",
            "The VM is also active on {} ({}).".format(context.there, before),
            "Find out which of the two is current, and stop the other before anything else.",
        )
    if context.facts.state.persistent:
        return warns(
            "stale_definition",
            "{} has an older definition of the VM, which the migration replaces.".format(
                context.there
            ),
            "Nothing; keep a copy of it if you need what it holds (virsh dumpxml --inactive).",
        )
    return warns(
        "stale_definition",
        "{} has an older definition of the VM, which stays there, for the VM is transient.".format(
            context.there
        ),
        "Undefine it there when it is not needed.",
    )


def ran_here(context: Context) -> t.Iterator[Finding]:
    """A paused VM with disks has run on its host since it came.

    One that came paused and was never resumed does not hold its images, and QEMU before 10.0 dies
    when it is told to give them up again (an assertion in bdrv_inactivate_recurse): the VM's
    memory would be lost. Fixed by QEMU's commit 8597af76153a ("migration/block: Rewrite disk
    activation"), merged in January 2025 for 10.0, for its issue 2395.
    """
    facts = context.facts
    fixed = context.source.getVersion() >= _GIVES_UP_TWICE
    if facts.state.state != "paused" or fixed or context.definition.find("devices/disk") is None:
        return
    if _has_run(context):
        yield holds("ran_here", "The paused VM has run on {}.".format(context.request.source_name))
        return
    yield blocks(
        "ran_here",
        "The VM is paused and has not run on {} since it came there; this QEMU would crash.".format(
            context.request.source_name
        ),
        "Resume it for a second and pause it again (virsh resume, virsh suspend).",
    )


def _has_run(context: Context) -> bool:
    """Whether the VM holds its images, by the locks that QEMU takes when it lets a VM run.

    Where they cannot be seen it is told from the CPU time, which tells less: the kernel counts in
    steps of 0.01 s, and an idle VM may run for seconds without using three; and one that gave its
    images up for a migration that failed has used some.
    """
    seen = Look(context.request.source_uri).at(writable_images(context.definition))
    if seen:
        return any(image.is_held for image in seen)
    return vcpu_time_s(context.source, context.facts.uuid) > _NEVER_RAN_S


# QEMU 10.0 in libvirt's notation.
_GIVES_UP_TWICE = 10_000_000
# A VM that came paused was charged nothing in our measurements; its QEMU dies, so no less is taken.
_NEVER_RAN_S = 0.02
CHECKS = (active, no_job, movable, free_name, ran_here)
