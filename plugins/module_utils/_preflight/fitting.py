# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a VM finds on a peer what it has on its host, by the facts of both.

These checks see more than libvirt tells over a connection: the identity of storage, the bridges,
huge pages and the layout of NUMA cells. The planner judges by the same facts in the same way.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t

from .._prerequisites.finding import Finding, blocks, holds, untold, warns
from .checked import Facts

_MARK = (
    "Let a user who may write there mark the storage (drover.libvirt.preflight without --check)."
)


def bridges(domain: Facts, here: Facts, peer: str, there: Facts) -> t.Iterator[Finding]:
    """The VM's bridges exist on the peer, with the same MTU."""
    for name in domain.get("bridges", ()):
        ours, theirs = here.get("bridges", {}).get(name, {}), there["bridges"].get(name)
        if theirs is None:
            yield blocks(
                "bridge",
                "There is no bridge {} on {}.".format(name, peer),
                "Create it there, or choose another host.",
            )
        elif ours.get("mtu") != theirs.get("mtu"):
            yield warns(
                "bridge_mtu",
                "The bridge {} has the MTU {} on {} and {} where the VM is.".format(
                    name, theirs.get("mtu"), peer, ours.get("mtu")
                ),
                "Set the same MTU on all hosts.",
            )
        else:
            yield holds("bridge", "{} has the bridge {}.".format(peer, name))


def interfaces(domain: Facts, here: Facts, peer: str, there: Facts) -> t.Iterator[Finding]:
    """The interfaces that the VM is attached to directly exist on the peer."""
    for name in domain.get("direct_interfaces", ()):
        if name in there["interfaces"]:
            yield holds("interface", "{} has the interface {}.".format(peer, name))
        else:
            yield blocks(
                "interface",
                "There is no interface {} on {}, to which the VM could be attached.".format(
                    name, peer
                ),
                "Give that network's interface the same name on all hosts, or choose another host.",
            )


def storage(domain: Facts, here: Facts, peer: str, there: Facts) -> t.Iterator[Finding]:
    """Each disk lies on storage that is proved to be the same on the peer, by more than a path."""
    ours, theirs = _by_path(here), _by_path(there)
    for disk in domain.get("disks", ()):
        entry = ours.get(disk.get("storage") or "")
        # A disk on storage of this host alone keeps the VM from moving at all (see _facts.blockers).
        if entry is not None and entry.get("shared"):
            yield _same_storage(disk["target"], entry, peer, theirs.get(entry["path"]))


def _by_path(host: Facts) -> dict[str, Facts]:
    return {entry["path"]: entry for entry in host.get("storage", ())}


def _same_storage(target: str, ours: Facts, peer: str, theirs: Facts | None) -> Finding:
    path = ours["path"]
    if theirs is None and ours.get("fstype") == "block":
        # A host knows only the devices that its own VMs use.
        return untold("storage", "No VM of {} uses {} yet (disk {}).".format(peer, path, target))
    if theirs is None:
        return blocks(
            "storage",
            "{}, which holds the disk {}, is not mounted on {}.".format(path, target, peer),
            "Mount the same storage there at the same path.",
        )
    if not theirs.get("shared"):
        return blocks(
            "storage",
            "{} is shared storage with the disk {}, but on {} a {} of that host alone.".format(
                path, target, peer, theirs.get("fstype") or "directory"
            ),
            "Mount the same storage there at the same path.",
        )
    if ours.get("identity") is None or theirs.get("identity") is None:
        return blocks(
            "storage",
            "Nothing proves that {}, which holds the disk {}, is the same storage on {}.".format(
                path, target, peer
            ),
            _MARK,
        )
    if ours["identity"] != theirs["identity"]:
        return blocks(
            "storage",
            "{} on {} is not the storage that holds the disk {}: its identity is {}, not {}.".format(
                path, peer, target, theirs["identity"], ours["identity"]
            ),
            "Mount the same storage there at the same path.",
        )
    return holds("storage", "{} of the disk {} is the same on {}.".format(path, target, peer))


def huge_pages(domain: Facts, here: Facts, peer: str, there: Facts) -> t.Iterator[Finding]:
    """The peer has as many free huge pages as the VM's memory takes."""
    size_kib = domain.get("hugepages_kib")
    if not size_kib or "hugepages" not in there:
        return
    free = sum(page["free"] for page in there["hugepages"] if page["size_kib"] == size_kib)
    free_mib = free * size_kib // 1024
    evidence = "{} has {} MiB free in huge pages of {} KiB; the VM takes {} MiB.".format(
        peer, free_mib, size_kib, domain["memory_mib"]
    )
    if free_mib >= domain["memory_mib"]:
        yield holds("huge_pages", evidence)
    else:
        yield blocks("huge_pages", evidence, "Reserve more of them there (vm.nr_hugepages).")


def numa_layout(domain: Facts, here: Facts, peer: str, there: Facts) -> t.Iterator[Finding]:
    """A VM that is bound to CPUs or NUMA cells finds the same ones on the peer."""
    if not domain.get("numa_pinned"):
        return
    if _layout(here) == _layout(there):
        yield holds("numa_layout", "{} has the same CPUs and NUMA cells.".format(peer))
    else:
        yield warns(
            "numa_layout",
            "It is bound to CPUs or NUMA cells, and those of {} are numbered otherwise.".format(
                peer
            ),
            "See that the CPUs and cells of its definition exist there and are the ones you mean.",
        )


def _layout(host: Facts) -> list[tuple[t.Any, t.Any]]:
    return sorted((cell["cell"], tuple(cell["cpus"])) for cell in host.get("numa", ()))
