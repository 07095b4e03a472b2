# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Network interfaces of the host on which this runs.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import json
import subprocess
import typing as t

from .._errors import DroverError
from .system_command import answered, path_of

_ANSWER_S = 10.0


class InterfacesUnknown(DroverError):
    """The command C(ip) is missing or failed."""

    code = "interfaces_unknown"


def read_interfaces() -> list[dict[str, t.Any]]:
    """Return the interfaces with their addresses, as C(ip) prints them."""
    return _ip("-details", "address", "show")


def read_default_routes() -> list[dict[str, t.Any]]:
    """Return the default routes, as C(ip) prints them."""
    return _ip("route", "show", "default")


def _ip(*arguments: str) -> list[dict[str, t.Any]]:
    """Run C(ip) and return the objects in its answer.

    Raises
    ------
    InterfacesUnknown
        It is not installed, failed, or printed something else.
    """
    try:
        done = answered([path_of("ip") or "ip", "-json", *arguments], _ANSWER_S)
        done.check_returncode()
        answer = json.loads(done.stdout or "[]")
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise InterfacesUnknown(
            f"Cannot read the network interfaces: {error}.", "Install iproute2 on the host."
        ) from error
    # Older versions print an empty object for what they filter out.
    return [entry for entry in answer if entry]


def physical_speeds(interfaces: t.Iterable[dict[str, t.Any]]) -> dict[str, int]:
    """Return the speeds in Mbit/s of the interfaces that are hardware and know their speed."""
    speeds = {
        interface["ifname"]: _speed(interface["ifname"])
        for interface in interfaces
        if not interface.get("linkinfo") and interface.get("link_type") == "ether"
    }
    return {name: speed for name, speed in speeds.items() if speed > 0}


def _speed(name: str) -> int:
    """Return what the kernel says; -1 when it does not know, as for an interface that is down."""
    try:
        with open(f"/sys/class/net/{name}/speed", encoding="ascii") as file:
            return int(file.read())
    except (OSError, ValueError):
        return -1
