# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Cluster software on the host on which this runs.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import contextlib
import subprocess
import xml.etree.ElementTree as ET

from .._facts.cluster_stack import ClusterStack, domain_name, is_quorate, parse_cib
from .running_commands import running_commands
from .system_command import answered, path_of

_ANSWER_S = 10.0


def read_cluster_stack() -> ClusterStack:
    """Return what Pacemaker says, or Corosync where it runs alone; empty where neither runs."""
    running = running_commands()
    if "pacemakerd" in running:
        return _pacemaker()
    if "corosync" in running:
        return _corosync()
    return ClusterStack()


def _pacemaker() -> ClusterStack:
    answer, problem = _ask("cibadmin", "--query")
    if answer:
        with contextlib.suppress(ET.ParseError):
            return parse_cib(answer, _name_in_file)
        problem = "cibadmin printed no XML"
    return ClusterStack("Pacemaker", problem=problem)


def _corosync() -> ClusterStack:
    # Without quorum the command fails, but says so.
    answer, problem = _ask("corosync-quorumtool", "-s")
    return ClusterStack("Corosync", is_quorate(answer), problem=problem)


def _ask(command: str, *arguments: str) -> tuple[str, str]:
    """Return what a command printed, and why that is not to be trusted."""
    path = path_of(command)
    if path is None:
        return "", f"the command {command} is missing"
    try:
        done = answered([path, *arguments], _ANSWER_S)
    except (OSError, subprocess.SubprocessError) as error:
        return "", str(error)
    return done.stdout, " ".join(done.stderr.split())[:200]


def _name_in_file(path: str) -> str | None:
    try:
        with open(path, encoding="utf-8") as definition:
            return domain_name(definition.read())
    except (OSError, ValueError):
        return None
