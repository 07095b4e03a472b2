# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a connection URI may not hold.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from ._errors import ConnectionFailed


def refuse_password(uri: str, what: str = "") -> None:
    """Make sure that a URI holds no password, also one that only another daemon is going to use.

    Parameters
    ----------
    uri : str
    what : str
        What the message calls the URI; "The connection URI of HOST" by default.

    Raises
    ------
    ConnectionFailed
        It holds one, or cannot be taken apart. The message does not repeat it.
    """
    try:
        parts = urlsplit(uri)
    except ValueError:
        # The reason may repeat the password.
        raise ConnectionFailed(
            "{0} holds no valid address.".format(what or "A connection URI"),
            "Check it; an IPv6 address stands in brackets: qemu+ssh://[2001:db8::1]/system.",
        ) from None
    if parts.password is not None:
        raise ConnectionFailed(
            "{0} holds a password.".format(
                what or "The connection URI of {0}".format(parts.hostname)
            ),
            "Leave it out of the URI; use SSH keys, TLS or SASL tickets.",
        )
