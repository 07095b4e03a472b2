# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A step of a plan as a request to migrate, for the executor and for settling after it.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .._request.options import MigrationOptions
from .._request.request import MigrationRequest


class Moving(t.Protocol):
    """A VM and where it goes; a step of a plan is one, and so is a migration in a journal."""

    @property
    def domain(self) -> str: ...
    @property
    def uuid(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def destination(self) -> str: ...


@dataclasses.dataclass(frozen=True)
class Ways:
    """How libvirt is reached on each host of a plan.

    Parameters
    ----------
    uris : dict
        How peers and the coordinator reach each host.
    addresses : dict
        Address of each host on the migration network; empty lets libvirt choose.
    coordinator : str or None
        Name of the host that this process runs on, if it is one of the plan's.
    local_uri : str
        How this process reaches the libvirt of that host.
    """

    uris: t.Mapping[str, str]
    addresses: t.Mapping[str, str]
    coordinator: str | None
    local_uri: str

    def uri(self, host: str) -> str:
        """Return how this process reaches a host.

        Raises
        ------
        KeyError
            The plan does not say so.
        """
        return self.local_uri if host == self.coordinator else self.uris[host]

    def request(self, moving: Moving, options: MigrationOptions) -> MigrationRequest:
        """Return the request to migrate a VM.

        Raises
        ------
        KeyError
            The plan does not say how to reach a host.
        """
        return MigrationRequest(
            domain=moving.domain,
            uuid=moving.uuid or None,
            source=moving.source,
            source_uri=self.uri(moving.source),
            destination=moving.destination,
            destination_uri=self.uri(moving.destination),
            peer_uri=self.uris.get(moving.destination, ""),
            migration_address=self.addresses.get(moving.destination) or None,
            options=options,
        )


def read_ways(
    plan: t.Mapping[str, t.Any],
    coordinator: str | None,
    local_uri: str,
    uris: t.Mapping[str, str] | None = None,
) -> Ways:
    """Return how each host of a plan is reached: as C(uris) say, or else the plan."""
    hosts = plan.get("hosts", [])
    return Ways(
        uris={**{item["name"]: item["uri"] for item in hosts if item.get("uri")}, **(uris or {})},
        addresses={item["name"]: item.get("migration_address") or "" for item in hosts},
        coordinator=coordinator,
        local_uri=local_uri,
    )
