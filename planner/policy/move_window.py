# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""VMs that are moved only at certain times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from ..cluster.snapshot import ClusterSnapshot
from .base import Violation
from .stay import Stay
from .windows import Window, next_opening, open_s, told


@dataclass(frozen=True, kw_only=True)
class MoveWindow(Stay):
    """These VMs stay where they are, unless one of the windows is open; then they have to be moved before it closes.

    Attributes
    ----------
    now
        What time it is.
    """

    kind: ClassVar[str] = "window"

    windows: tuple[Window, ...]
    now: datetime

    @property
    def open_s(self) -> float:
        """For how many seconds the VMs may still be moved."""
        return open_s(self.windows, self.now)

    @property
    def binds(self) -> bool:
        """Tell whether all windows are closed now."""
        return not self.open_s

    @property
    def closes(self) -> datetime:
        """When the window that is open now closes."""
        return self.now + timedelta(seconds=self.open_s)

    @property
    def reason(self) -> str:
        """Say from when on they may be moved."""
        opens = told(next_opening(self.windows, self.now))
        return (
            f"the {self.title} lets it move only in its windows, the next of which opens on {opens}"
        )

    def violations(
        self, snapshot: ClusterSnapshot, placement: Mapping[str, str]
    ) -> tuple[Violation, ...]:
        """Name every VM that is not where it is now, while all windows are closed."""
        return self.moved(snapshot, placement) if self.binds else ()
