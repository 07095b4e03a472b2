# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The inventory's C(drover_power): how a host is switched, and what is wrong with it.

Pure but for looking whether files are there. No sentence holds a value of a secret.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

import os
import re
import typing as t
from collections.abc import Mapping

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

Settings = Mapping[str, t.Any]

_COMMON: dict[str, t.Any] = {
    "method": {"type": "str", "required": True},
    "keep_on": {"type": "bool"},
    "idle_w": {"type": "float"},
    "busy_w": {"type": "float"},
    "asleep_w": {"type": "float"},
    "boot_timeout_s": {"type": "int"},
    "shutdown_timeout_s": {"type": "int"},
}
_BMC: dict[str, t.Any] = {
    "address": {"type": "str", "required": True},
    "port": {"type": "int"},
    "user": {"type": "str", "required": True},
    "password": {"type": "str", "required": True, "no_log": True},
}
_NOT_NEGATIVE = ("idle_w", "busy_w", "asleep_w")
_POSITIVE = ("boot_timeout_s", "shutdown_timeout_s")
_MAC = re.compile(r"[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}")
FILES = ("on", "off", "status")


class Method(t.NamedTuple):
    """A way to switch hosts.

    Parameters
    ----------
    options : dict
        Its argument spec, beside what all methods have.
    module : str
        The module that it stands on; empty where it needs none.
    library : str
        The Python library that this module imports on the controller; empty where it needs none.
    """

    options: Mapping[str, t.Any]
    module: str = ""
    library: str = ""


METHODS = {
    "ipmi": Method(
        {**_BMC, "key": {"type": "str", "no_log": True}}, "community.general.ipmi_power", "pyghmi"
    ),
    "redfish": Method(
        {
            **_BMC,
            "system": {"type": "str"},
            "ca_path": {"type": "str"},
            "validate_certs": {"type": "bool"},
        },
        "community.general.redfish_command",
    ),
    "wake_on_lan": Method(
        {
            "mac": {"type": "str", "required": True},
            "interface": {"type": "str"},
            "port": {"type": "int"},
        },
        "community.general.wakeonlan",
    ),
    "tasks": Method({name: {"type": "str", "required": True} for name in FILES}),
}


def faults(host: str, settings: t.Any, folder: str) -> list[str]:
    """Return all that is wrong with a host's C(drover_power), a sentence each.

    Parameters
    ----------
    host : str
        Its name, for the sentences.
    settings : object
        The variable, of whatever type it is.
    folder : str
        Where relative paths of task files begin.
    """
    if not isinstance(settings, Mapping):
        return [
            f"drover_power of {host} must be a mapping, such as {{method: ipmi, address: ...}}."
        ]
    method = METHODS.get(str(settings.get("method")))
    if method is None:
        return [f"drover_power of {host} must have a method: one of {', '.join(METHODS)}."]
    spec = {**_COMMON, **method.options}
    checked = ArgumentSpecValidator(spec).validate(dict(settings))
    found = [*checked.error_messages]
    if not found:
        found = [*_wrong_values(checked.validated_parameters, folder)]
    return [f"drover_power of {host}: {sentence.rstrip('.')}." for sentence in found]


def task_files(settings: Settings, folder: str) -> dict[str, str]:
    """Return where the files of the operator's tasks are; relative paths begin in the folder of the inventory."""
    return {name: os.path.join(folder, os.path.expanduser(settings[name])) for name in FILES}


def _wrong_values(settings: Settings, folder: str) -> t.Iterator[str]:
    """Yield what argument specs cannot say."""
    given = {key: value for key, value in settings.items() if value is not None}
    for key in _NOT_NEGATIVE:
        if given.get(key, 0) < 0:
            yield f"{key} must be 0 or more watts, not {given[key]:g}"
    for key in _POSITIVE:
        if given.get(key, 1) < 1:
            yield f"{key} must be 1 or more seconds, not {given[key]}"
    if not 1 <= given.get("port", 1) <= 65535:
        yield f"port must be from 1 to 65535, not {given['port']}"
    if "mac" in given and not _MAC.fullmatch(given["mac"]):
        yield f"mac must be an address like 52:54:00:12:34:56, in quotes, not {given['mac']}"
    if "ca_path" in given and not os.path.exists(given["ca_path"]):
        yield f"ca_path names {given['ca_path']}, which is not there"
    for key, path in task_files(given, folder).items() if given["method"] == "tasks" else ():
        if not os.path.isfile(path):
            yield f"{key} names the file {path}, which is not there"
