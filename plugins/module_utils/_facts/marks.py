# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Maintenance marks: who may change them, and how.

The mark of a host is kept on every host of the cluster, so that it can be read while the marked
host is off. Of several copies the one with the newest C(at) holds. Taking a host out of maintenance
therefore leaves a mark that says so: were it deleted, a copy on a host that was away at that time
would bring it back.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import datetime
import json
import re
import typing as t
import urllib.parse

Mark = dict[str, t.Any]

_FRACTION = re.compile(r"\.\d+")
_FORMAT = "%Y-%m-%dT%H:%M:%SZ"


def parse_moment(text: str) -> datetime.datetime:
    """Read an RFC 3339 moment as whole seconds of UTC.

    Raises
    ------
    ValueError
        It is not a moment, or has no offset from UTC.
    """
    # Python 3.9 reads neither the Z nor every fraction of a second.
    plain = _FRACTION.sub("", text.strip().upper()).replace("Z", "+00:00")
    moment = datetime.datetime.fromisoformat(plain)
    if moment.tzinfo is None:
        raise ValueError("it has no offset from UTC")
    return moment.astimezone(datetime.timezone.utc)


def format_moment(moment: datetime.datetime) -> str:
    """Write a moment as marks have it; such texts sort like the moments they mean."""
    return moment.astimezone(datetime.timezone.utc).strftime(_FORMAT)


def file_name(host: str) -> str:
    """Return the name of the file for the mark of a host, whatever characters its name has."""
    return urllib.parse.quote(host, safe="") + ".json"


def marked_host(name: str) -> str:
    """Return the host whose mark a file of that name holds."""
    return urllib.parse.unquote(name[: -len(".json")])


def parse_mark(text: str) -> Mark:
    """Read the text of a mark.

    Raises
    ------
    ValueError
        It is not a mark.
    """
    document = json.loads(text)
    if not isinstance(document, dict) or not isinstance(document.get("maintenance"), bool):
        raise ValueError("it does not say whether the host is in maintenance")
    evacuated = document.get("evacuated")
    return {
        "maintenance": document["maintenance"],
        "at": format_moment(parse_moment(str(document.get("at", "")))),
        "by": str(document.get("by") or ""),
        "reason": str(document.get("reason") or ""),
        "evacuated": _entries(evacuated if isinstance(evacuated, list) else []),
    }


def _entries(evacuated: t.Iterable[t.Any]) -> list[dict[str, t.Any]]:
    """Return the entries that name a domain."""
    return [
        {"name": str(entry["name"]), "uuid": entry.get("uuid")}
        for entry in evacuated
        if isinstance(entry, dict) and entry.get("name")
    ]


def changed_mark(
    present: Mark | None, wanted: Mark, at: str | None, now: datetime.datetime
) -> Mark | None:
    """Return the mark that takes the place of the present one, None when that may stay as it is.

    Parameters
    ----------
    present : dict or None
        The mark on this host. None is not the same as "not in maintenance": this host may just not
        know.
    wanted : dict
        The mark that is asked for, its C(at) left aside.
    at : str or None
        Since when, as C(format_moment) writes it. None means now, and in any case after the present
        mark, so that a clock that is behind does not make an order void.
    now : datetime.datetime
        The present moment.
    """
    if present is None:
        return dict(wanted, at=at or format_moment(now))
    moment = at or _after(present["at"], now)
    if present["maintenance"] == wanted["maintenance"]:
        return _amended(present, wanted, moment) if wanted["maintenance"] else None
    return dict(wanted, at=moment) if moment > present["at"] else None


def _after(at: str, now: datetime.datetime) -> str:
    return format_moment(max(now, parse_moment(at) + datetime.timedelta(seconds=1)))


def _amended(present: Mark, wanted: Mark, moment: str) -> Mark | None:
    """Return the present mark with what the wanted one adds, None when it adds nothing."""
    known = {_identity(entry) for entry in present["evacuated"]}
    added = [entry for entry in wanted["evacuated"] if _identity(entry) not in known]
    amended = dict(present, evacuated=present["evacuated"] + added)
    if wanted["reason"] and moment > present["at"]:
        amended["reason"] = wanted["reason"]
    if amended == present:
        return None
    return dict(amended, at=max(moment, present["at"]))


def _identity(entry: dict[str, t.Any]) -> str:
    """Return what tells domains apart: the UUID, which survives a renaming, or else the name."""
    return str(entry.get("uuid") or entry["name"])
