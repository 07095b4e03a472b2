# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the power supply of a lab is, what its BMCs are reached with, and how it is taken away."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.lab import state
from tests.lab.command import run
from tests.lab.layout import MANAGEMENT, Layout
from tests.lab.processes import ProcessId

IPMI, REDFISH, WAKE_ON_LAN = "ipmi", "redfish", "wake_on_lan"
METHODS = (IPMI, REDFISH, WAKE_ON_LAN)
USER = "operator"
#: No other word in the lab is like it, so that a test finds it wherever it leaks to.
PASSWORD = "bmc-Secret-42"
_FIRST_BMC = 100


@dataclass(frozen=True)
class Places:
    """Paths and addresses of the power supply.

    Parameters
    ----------
    layout
        Of the lab.
    """

    layout: Layout

    @property
    def root(self) -> Path:
        """Directory of everything here."""
        return self.layout.root / "power"

    @property
    def socket(self) -> Path:
        """Where the supply is asked."""
        return self.root / "supply.sock"

    @property
    def certificate(self) -> Path:
        """The certificate of all BMCs, which is its own authority; its key lies beside it."""
        return self.root / "bmc.pem"

    def bmc(self, number: int) -> str:
        """Return the address of the BMC of host `number` in the management network."""
        return str(self.layout.network(MANAGEMENT)[_FIRST_BMC + number])

    def set_address(self, number: int, *, present: bool) -> None:
        """Give that BMC its address, or take it away, as when its cable is pulled."""
        verb = "replace" if present else "delete"
        device = self.layout.bridge(MANAGEMENT)
        run(["ip", "address", verb, f"{self.bmc(number)}/32", "dev", device], check=present)

    def keep_process(self, name: str, pid: int) -> ProcessId:
        """Write a process down, so that it can be ended."""
        process = ProcessId.of(pid)
        state.save_process(self.root / f"{name}.process", process)
        return process

    def process(self, name: str) -> ProcessId | None:
        """Return a process that was written down."""
        return state.load_process(self.root / f"{name}.process")

    def remove(self, numbers: Iterable[int]) -> None:
        """End everything here and forget it; the hosts stay as they are. Nothing may be there."""
        if not self.root.exists():
            return
        for path in self.root.glob("*.process"):
            process = state.load_process(path)
            if process is not None:
                process.send(signal.SIGKILL)
                process.wait_gone(5)
        for number in numbers:
            self.set_address(number, present=False)
        shutil.rmtree(self.root)
