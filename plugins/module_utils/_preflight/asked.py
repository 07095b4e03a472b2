# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the module preflight_info was asked for.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t

from .peer import Peer
from .survey import SurveyRequest


def read_request(params: t.Mapping[str, t.Any], ssh_connection: str) -> SurveyRequest:
    """Return what the module's parameters ask for.

    Parameters
    ----------
    ssh_connection : str
        The variable SSH_CONNECTION: "client port server port", or nothing.
    """
    connection = ssh_connection.split()
    return SurveyRequest(
        uri=params["uri"],
        name=params["name"],
        peers=[_peer(peer) for peer in params["peers"] or []],
        domains=params["domains"],
        migration_network=params["migration_network"],
        migration_address=params["migration_address"],
        ports=params["migration_ports"],
        clock_tolerance_s=params["clock_tolerance_s"],
        connect_s=params["connect_timeout_s"],
        is_encrypted=params["tls"],
        reached_at=connection[2] if len(connection) == 4 else None,
    )


def _peer(given: t.Mapping[str, t.Any]) -> Peer:
    return Peer(
        given["name"],
        given["uri"],
        given["migration_address"],
        tuple(given["ports"]),
        given["facts"],
    )
