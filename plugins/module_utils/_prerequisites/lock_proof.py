# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Proves that the locks on a VM's images bind both hosts, so that it can never run on both.

The QEMU that runs the VM holds a lock on its images. When the destination sees that very lock, no
QEMU there can let the VM run while the source's has it, and the source's cannot let it run again
once the destination's has. One image is enough for that, for QEMU takes the locks of all before a VM
runs. An image that is not raw must be locked itself: opening it, QEMU writes to its header before it
comes to the lock of another. Then nothing needs to be waited for at the handover (decision 12).

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import functools
import typing as t
import xml.etree.ElementTree as ET

from .._libvirt.domain import DomainFacts
from .._patience import PatientCall
from .._request.request import MigrationRequest
from .finding import Finding, holds, untold
from .image_locks import Look, SeenImage, writable_images

_CHECK = "image_locks"
# Longer than a look takes at most.
_LIMIT_S = 60.0


class LockProof:
    """The proof for one live migration.

    Parameters
    ----------
    request : MigrationRequest
        The hosts; of the options the mode and the handover.

    Side Effects
    ------------
    Two commands that look (see C(image_locks)) are ready from now on, until C(close).
    """

    def __init__(self, request: MigrationRequest) -> None:
        self._request = request
        ends = (request.source_uri, request.destination_uri)
        self._looks = [Look(uri) for uri in ends] if request.options.may_use_locks else []

    def finding(self, facts: DomainFacts) -> Finding | None:
        """Return what came of it, passed or not; None where nothing has to be proved.

        Parameters
        ----------
        facts : DomainFacts
            The VM as it runs on the source.
        """
        if not self._looks or facts.state.state != "running":
            return None
        images = writable_images(ET.fromstring(facts.live_xml))
        calls = [
            PatientCall(functools.partial(look.at, images), "look at the locks on images")
            for look in self._looks
        ]
        held = [_held(call.result(_LIMIT_S)) for call in calls]
        there = self._request.destination_name
        bound = sorted(path for path, _inode in set.intersection(*held))
        unbound = [image for image in images if not image.is_raw and image.path not in bound]
        if bound and not unbound:
            return holds(
                _CHECK, "{} sees the lock that the VM holds on {}.".format(there, ", ".join(bound))
            )
        return untold(
            _CHECK,
            "{} does not see the locks that the VM holds on its images; it waits for the source's "
            "QEMU to be gone before it lets the VM run.".format(there),
        )

    def close(self) -> None:
        """Look no more."""
        for look in self._looks:
            look.close()


def _held(images: t.Iterable[SeenImage]) -> set[tuple[str, int]]:
    return {(image.path, image.inode) for image in images if image.is_file and image.is_held}
