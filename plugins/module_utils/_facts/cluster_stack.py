# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Pacemaker's configuration says: whether the cluster has quorum, and which VMs it manages.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import posixpath
import typing as t
import xml.etree.ElementTree as ET

NameOf = t.Callable[[str], t.Optional[str]]


class ClusterStack(t.NamedTuple):
    """Cluster software on a host.

    C(running) names it, empty without any; C(quorate) is None where it does not tell; C(managed)
    are the resources by the name of the VM that they keep running.
    """

    running: str = ""
    quorate: bool | None = None
    managed: t.Mapping[str, str] = {}
    problem: str = ""


def parse_cib(text: str, name_of: NameOf) -> ClusterStack:
    """Read what C(cibadmin --query) prints.

    Parameters
    ----------
    text : str
        The cluster information base as XML.
    name_of : callable
        Gives the name of the VM that a definition file describes, None where it cannot be read.

    Raises
    ------
    xml.etree.ElementTree.ParseError
        It is not valid XML.
    """
    root = ET.fromstring(text)
    idle = _is_true(root.find("configuration/crm_config"), "maintenance-mode")
    types = {template.get("id"): template.get("type") for template in root.iter("template")}
    managed = {}
    for primitive in () if idle else root.iter("primitive"):
        kind = primitive.get("type") or types.get(primitive.get("template"))
        path = _value(primitive.find("instance_attributes"), "config")
        if kind == "VirtualDomain" and path and _is_managed(primitive):
            name = name_of(path) or posixpath.splitext(posixpath.basename(path))[0]
            managed[name] = primitive.get("id", "")
    return ClusterStack("Pacemaker", root.get("have-quorum") == "1", managed)


def _is_managed(primitive: ET.Element) -> bool:
    meta = primitive.find("meta_attributes")
    return _value(meta, "is-managed") not in _FALSE and not _is_true(meta, "maintenance")


def managed_blockers(stack: ClusterStack, domain: str) -> list[dict[str, str]]:
    """Return what keeps a VM in the hands of Pacemaker, which would start it again where it was.

    A Pacemaker that does not say what it manages may manage any VM.
    """
    resource = stack.managed.get(domain)
    if resource is not None:
        message = "Pacemaker manages it as the resource {}.".format(resource)
        remedy = _MOVE.format(resource)
    elif stack.running == "Pacemaker" and stack.quorate is None:
        message = "Pacemaker runs on its host and does not say whether it manages it: {}.".format(
            stack.problem
        )
        remedy = "Let Ansible become root there, or a user of the group haclient."
    else:
        return []
    return [{"code": "cluster_managed", "message": message, "remedy": remedy}]


_MOVE = (
    "Move it through Pacemaker (crm_resource --move --resource {0} --node HOST), or take it out of "
    "its hands first (crm_resource --meta --resource {0} --set-parameter is-managed "
    "--parameter-value false)."
)


# Pacemaker takes these for false (crm_is_true in its lib/common/strings.c).
_FALSE = ("false", "off", "no", "n", "0")
_TRUE = ("true", "on", "yes", "y", "1")


def _is_true(attributes: ET.Element | None, name: str) -> bool:
    return _value(attributes, name) in _TRUE


def _value(attributes: ET.Element | None, name: str) -> str:
    """Return the value of an attribute below an element, empty where it is not set."""
    for pair in () if attributes is None else attributes.iter("nvpair"):
        if pair.get("name") == name:
            return pair.get("value", "").lower() if name != "config" else pair.get("value", "")
    return ""


def domain_name(definition: str) -> str | None:
    """Return the name in a VM's definition, None where it has none."""
    try:
        return ET.fromstring(definition).findtext("name")
    except ET.ParseError:
        return None


def is_quorate(text: str) -> bool | None:
    """Read what C(corosync-quorumtool -s) prints; None where it does not say."""
    for line in text.splitlines():
        key, _colon, value = line.partition(":")
        if key.strip().lower() == "quorate":
            return value.strip().lower() == "yes"
    return None
