# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The errors that modules raise by name and translate to C(fail_json) in one place.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t


class DroverError(Exception):
    """Something the operator can act on.

    Parameters
    ----------
    message : str
        One sentence: what is wrong and where.
    remedy : str
        One sentence: what to do about it. Empty when there is nothing to do.
    """

    code: t.ClassVar[str] = "error"

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return "{0} {1}".format(self.message, self.remedy).strip()


class ConnectionFailed(DroverError):
    """A libvirt daemon could not be reached or refused the connection."""

    code = "connection_failed"


class LibvirtFailed(DroverError):
    """A libvirt call failed; the message carries libvirt's own words.

    Parameters
    ----------
    libvirt_code, libvirt_domain : int
        C(VIR_ERR_*) and C(VIR_FROM_*) of the original error.
    """

    code = "libvirt_failed"

    def __init__(
        self, message: str, remedy: str = "", libvirt_code: int = 0, libvirt_domain: int = 0
    ) -> None:
        super().__init__(message, remedy)
        self.libvirt_code = libvirt_code
        self.libvirt_domain = libvirt_domain


class DomainNotFound(DroverError):
    """No domain of that name is defined or running where it was looked for."""

    code = "domain_not_found"


class PrerequisiteFailed(DroverError):
    """A check that must hold before a migration does not hold."""

    code = "prerequisite_failed"


class ImageUnusable(DroverError):
    """A saved image cannot be put where both hosts see it, or is not what it should be."""

    code = "image_unusable"


def failure(error: DroverError) -> dict[str, t.Any]:
    """Return the keyword arguments of C(fail_json) that describe the error."""
    return {"msg": str(error), "error_code": error.code, "remedy": error.remedy}


Result = t.TypeVar("Result")


def or_fail(module: t.Any, call: t.Callable[[], Result]) -> Result:
    """Return what a call returns, or end the module with the error that it raises.

    Parameters
    ----------
    module : AnsibleModule
        The module to end.
    call : callable
        What to do; it may raise C(DroverError).
    """
    try:
        return call()
    except DroverError as error:
        raised = error
    # Not inside of the handler: there Ansible adds a traceback, as if this were an accident.
    module.fail_json(**failure(raised))
    raise raised
