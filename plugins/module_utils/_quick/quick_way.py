# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The quick way between two hosts: what an interrupted move left there, and a new move.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from .._ends.account import Account
from .._ends.ends import Ends
from .._facts.end_state import EndState, mark_before
from .._libvirt.domain import DomainFacts
from .._request.options import MigrationOptions
from .interrupted import InterruptedQuickMove
from .quick_move import QuickMove
from .saved_image import SavedImage, saved_uuid


class QuickWay:
    """The way between two hosts through a directory that both see.

    Parameters
    ----------
    options : MigrationOptions
        Of them the directory; without one nothing was ever left.
    ends : Ends
        The hosts, and time.
    """

    def __init__(self, options: MigrationOptions, ends: Ends) -> None:
        self._options = options
        self._ends = ends

    def interrupted(self, name: str, uuid: str) -> InterruptedQuickMove | None:
        """Return what a move left whose process died, or None."""
        if not self._options.save_directory:
            return None
        image = SavedImage(self._options.save_directory, name, uuid)
        found = image.found()
        if found is None:
            return None
        patience_s = self._options.settle_timeout_s
        return InterruptedQuickMove(image, found, uuid, self._ends, patience_s)

    def saved_facts(self, name: str, uuid: str | None) -> DomainFacts | None:
        """Return the little that is known of a transient VM of which only a saved image is left."""
        directory = self._options.save_directory
        found = saved_uuid(directory, name) if directory else None
        if found is None or uuid not in (None, found):
            return None
        return DomainFacts(name, found, EndState(), 0, "<domain/>", None, 0)

    def move(self, facts: DomainFacts, destination_before: EndState) -> Account:
        """Save the VM and let it run on the destination."""
        mark = mark_before(facts.state, destination_before, resumes_destination=True)
        image = SavedImage(self._options.save_directory, facts.name, facts.uuid)
        patience_s = self._options.settle_timeout_s
        return QuickMove(facts.uuid, mark, self._ends, image, patience_s).run()
