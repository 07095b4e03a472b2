# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The variables with which operators steer the playbooks, and those that look like one of them.

Which there are is read from what reads them, so there is no list to keep up.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

import difflib
import fnmatch
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

PREFIX = "drover_"

# Roles take them into the defaults of their options, playbooks and tasks into expressions, and
# plugins take those of a host by name. A sentence that names a variable does not make it known.
SOURCES = ("roles/*/defaults/*.yml", "roles/*/tasks/*.yml", "playbooks/*.yml")
PLUGINS = ("plugins/action/*.py", "plugins/plugin_utils/*.py")
READ_BY_YAML = re.compile(r"\bdrover_[a-z0-9_]+")
READ_BY_PYTHON = re.compile(r'"(drover_[a-z0-9_]+)"')

# What people try who want to see what would happen.
TRIALS = ("dry", "check", "noop", "simulat", "pretend", "preview", "what_if", "whatif")
NEAR = 0.75


def known_variables(collection: Path) -> set[str]:
    """Return the names of all variables that something in the collection reads.

    Parameters
    ----------
    collection : Path
        The root of the collection.
    """
    yaml = (path for pattern in SOURCES for path in collection.glob(pattern))
    python = (path for pattern in PLUGINS for path in collection.glob(pattern))
    names = {name for path in yaml for name in READ_BY_YAML.findall(_code(path))}
    return names | {name for path in python for name in READ_BY_PYTHON.findall(_code(path))}


def refused_variables(
    present: Mapping[str, Iterable[str]], known: set[str], own: Iterable[str], hosts: Iterable[str]
) -> str:
    """Return one sentence for all variables that nothing reads; nothing where there is none.

    Parameters
    ----------
    present : mapping of str to iterable of str
        The variables that are set, with the hosts that have them.
    known : set of str
        The variables that something reads.
    own : iterable of str
        Names or patterns of the operator's own variables.
    hosts : iterable of str
        All hosts. A variable that all have is named without them.
    """
    patterns, everywhere = list(own), set(hosts)
    unread = {
        name: set(holders)
        for name, holders in sorted(present.items())
        if name.startswith(PREFIX) and name not in known
        if not any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)
    }
    if not unread:
        return ""
    sentences = [
        f"Drover reads no variable {name}{_where(holders, everywhere)}.{_advice(name, known)}"
        for name, holders in unread.items()
    ]
    return " ".join(
        [
            *sentences,
            "Nothing was done. Correct or remove it; a variable of your own can be listed in drover_own_variables.",
        ]
    )


def _where(holders: set[str], everywhere: set[str]) -> str:
    return "" if holders >= everywhere else f" (set for {', '.join(sorted(holders))})"


def _advice(name: str, known: set[str]) -> str:
    if any(word in name for word in TRIALS):
        return " To see what would be done, use --check --diff."
    nearest = difflib.get_close_matches(name, sorted(known), n=1, cutoff=NEAR)
    return f" Did you mean {nearest[0]}?" if nearest else ""


def _code(path: Path) -> str:
    """Return a file without its comments, which may name what is not read."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("#"))
