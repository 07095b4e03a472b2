# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a connection URI may hold.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

from ._errors import ConnectionFailed

# What libvirt reads from a URI's query and that only chooses keys, proofs and ways. Among the others are C(command)
# and C(netcat), which name programs to run.
PARAMETERS = (
    "auth",
    "keyfile",
    "known_hosts",
    "known_hosts_verify",
    "mode",
    "no_sanity",
    "no_tty",
    "no_verify",
    "pkipath",
    "proxy",
    "socket",
    "sshauth",
    "tls_priority",
)


def check_uri(uri: str, what: str = "") -> None:
    """Make sure that a URI names a daemon and nothing else, also one that only another daemon is going to use.

    Parameters
    ----------
    uri : str
    what : str
        What the message calls the URI; "The connection URI of HOST" by default.

    Raises
    ------
    ConnectionFailed
        It holds a password, names a program or cannot be taken apart. The message repeats no password.
    """
    try:
        parts = urlsplit(uri)
        _port = parts.port  # reading it is what checks it
        names = [name for name, _value in parse_qsl(parts.query, keep_blank_values=True)]
    except ValueError:
        # The reason may repeat the password.
        raise ConnectionFailed(
            "{0} holds no valid address.".format(what or "A connection URI"),
            "Correct it; put an IPv6 address in brackets: qemu+ssh://[2001:db8::1]/system.",
        ) from None
    if parts.password is not None:
        raise ConnectionFailed(
            "{0} holds a password.".format(
                what or "The connection URI of {0}".format(parts.hostname)
            ),
            "Leave it out of the URI; use SSH keys, TLS or SASL tickets.",
        )
    named = what or "A connection URI"
    unknown = sorted(set(names) - set(PARAMETERS))
    if unknown:
        raise ConnectionFailed(
            "{0} has the parameter {1!a}, which may run a program.".format(named, unknown[0]),
            "Leave it out; the parameters are {0}.".format(", ".join(PARAMETERS)),
        )
    if parts.scheme.endswith("+ext") or (parts.netloc.rpartition("@")[2] or "x").startswith("-"):
        raise ConnectionFailed(
            "{0} names a program, or an option of a program, where a host belongs.".format(named),
            "Use a URI such as qemu+ssh://root@HOST/system or qemu+tls://HOST/system.",
        )
