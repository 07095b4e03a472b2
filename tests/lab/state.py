# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a lab writes down before it makes anything, so that whatever happens it can be removed."""

from __future__ import annotations

import fcntl
import ipaddress
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.lab.errors import LabError
from tests.lab.hardware import Hardware
from tests.lab.layout import LABS, MAX_SLOTS, NETWORKS, Layout
from tests.lab.processes import ProcessId

_LOCKS = Path("/run/lock")


@dataclass(frozen=True)
class LabState:
    """What is fixed for the life of a lab.

    Parameters
    ----------
    layout
        Name and slot.
    hardware
        Of each host.
    owner
        The process with whose end the lab has lost its purpose; None for a lab that stays.
    """

    layout: Layout
    hardware: tuple[Hardware, ...]
    owner: ProcessId | None = None

    def save(self) -> None:
        """Write it down."""
        self.layout.root.mkdir(parents=True)
        self.layout.state_file.write_text(json.dumps(asdict(self)))

    @property
    def is_orphan(self) -> bool:
        """Whether the lab's owner has gone."""
        return self.owner is not None and not self.owner.is_alive()


def load(name: str) -> LabState | None:
    """Return what is written down of a lab; None when there is none."""
    try:
        kept = json.loads((LABS / name / "state.json").read_text())
    except FileNotFoundError:
        return None
    except json.JSONDecodeError:
        # its maker died while writing: it had made nothing yet
        return LabState(Layout(name, 0), ())
    owner = kept["owner"]
    return LabState(
        layout=Layout(**kept["layout"]),
        hardware=tuple(Hardware(**each) for each in kept["hardware"]),
        owner=ProcessId(**owner) if owner else None,
    )


def load_all() -> list[LabState]:
    """Return the states of all labs of this machine."""
    names = sorted(path.parent.name for path in LABS.glob("*/state.json"))
    return [state for state in map(load, names) if state is not None]


def free_slot(taken_addresses: list[str]) -> int:
    """Return the lowest slot which no lab has and whose subnets this machine does not use.

    Raises
    ------
    LabError
        When there is none.
    """
    taken = {state.layout.slot for state in load_all()}
    networks = [ipaddress.ip_interface(address).network for address in taken_addresses]
    for slot in range(MAX_SLOTS):
        own = [Layout("any", slot).network(network) for network in NETWORKS]
        clash = any(a.overlaps(b) for a in own for b in networks)
        if slot not in taken and not clash:
            return slot
    raise LabError("no addresses are left for another lab; take one down")


def save_process(path: Path, process: ProcessId) -> None:
    """Write down a process that runs for the lab."""
    path.write_text(f"{process.pid} {process.start_ticks}\n")


def load_process(path: Path) -> ProcessId | None:
    """Return the process that is written down, dead or alive."""
    try:
        pid, start_ticks = path.read_text().split()
    except (FileNotFoundError, ValueError):
        return None
    return ProcessId(int(pid), int(start_ticks))


@contextmanager
def lock(name: str) -> Iterator[None]:
    """Let one process at a time in."""
    _LOCKS.mkdir(parents=True, exist_ok=True)
    with (_LOCKS / f"drover-lab-{name}").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
