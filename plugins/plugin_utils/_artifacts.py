# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run leaves for the next one: artifacts, as ansible.builtin.set_stats leaves them. AWX hands them to the
later jobs of a workflow, which share no file with this one.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import typing as t
import zlib

PACKED = "packed:"

SUMMARY = 8000

# A plan of 200 hosts and 2000 migrations has 10 MB; this is far more, and far less than fills a controller.
LARGEST = 256 << 20


class NotPacked(Exception):
    """A text is not what C(pack) has made."""


def artifacts(found: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return what a result has so that Ansible keeps these values as artifacts of the run, instead of earlier ones."""
    data = {name: _inert(value) for name, value in found.items()}
    return {"ansible_stats": {"data": data, "per_host": False, "aggregate": False}}


def _inert(value: t.Any) -> t.Any:
    """Return a text in which no template begins: it has names of VMs in it, and becomes an extra variable."""
    return re.sub(r"\{(?=[{%#])", "{ ", value) if isinstance(value, str) else value


def shortened(text: str) -> str:
    """Return as many lines of a text as a notification can show."""
    if len(text) <= SUMMARY:
        return text
    return f"{text[:SUMMARY].rpartition(chr(10))[0]}\n... (all of it is in the job's output and on the page)"


def pack(document: t.Any) -> str:
    """Return a document as a short text, which a database and an extra variable can hold."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return PACKED + base64.b64encode(zlib.compress(text.encode())).decode()


def unpack(text: str) -> t.Any:
    """Return the document of a text that C(pack) has made.

    Raises
    ------
    NotPacked
        It is another text, damaged, or larger than any plan.
    """
    try:
        data = base64.b64decode(text.removeprefix(PACKED), validate=True)
        unpacking = zlib.decompressobj()
        content = unpacking.decompress(data, LARGEST)
        if not unpacking.eof:
            raise NotPacked("it is cut off, or larger than any plan")
        return json.loads(content)
    except (binascii.Error, zlib.error, ValueError) as error:
        raise NotPacked(f"it is damaged: {error}") from error
