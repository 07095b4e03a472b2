# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the VM's devices need of the destination beside QEMU: secrets, firmware, a TPM emulator.

None of it travels with a migration.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t
import xml.etree.ElementTree as ET

from .._libvirt.presence import Presence, secret_presence
from .._libvirt.processor import domain_capabilities
from .context import Context
from .finding import Finding, blocks, holds, untold, warns


def secrets(context: Context) -> t.Iterator[Finding]:
    """The destination holds the secrets that open the VM's disks and its TPM."""
    for secret in _distinct(context.definition.iter("secret")):
        name = secret.get("uuid") or secret.get("usage") or ""
        presence = secret_presence(
            context.destination, secret.get("uuid"), secret.get("type"), name
        )
        if presence is Presence.ACTIVE:
            yield holds("secret", "{} has the secret {}.".format(context.there, name))
        elif presence is Presence.ABSENT:
            yield blocks(
                "secret",
                "{} has no secret {}, which the VM's devices need.".format(context.there, name),
                "Define it there with the same UUID and set its value (virsh secret-define, "
                "virsh secret-set-value).",
            )
        else:
            yield untold(
                "secret",
                "libvirt cannot say whether {} has the secret {}.".format(context.there, name),
            )


def _distinct(secrets_used: t.Iterable[ET.Element]) -> list[ET.Element]:
    """Return one of each secret, in the order of the definition."""
    return list({tuple(sorted(secret.attrib.items())): secret for secret in secrets_used}.values())


def firmware(context: Context) -> t.Iterator[Finding]:
    """The destination has the VM's firmware image where the VM expects it."""
    path = context.definition.findtext("os/loader")
    if not path:
        return
    if path in [value.text for value in _capabilities(context).iterfind("os/loader/value")]:
        yield holds("firmware", "{} has the firmware {}.".format(context.there, path))
        return
    yield warns(
        "firmware",
        "libvirt on {} does not list the firmware {} of the VM.".format(context.there, path),
        "Install the same firmware package there, or see that the file exists.",
    )


def tpm(context: Context) -> t.Iterator[Finding]:
    """The destination has a TPM emulator if the VM has an emulated TPM."""
    if context.definition.find("devices/tpm/backend[@type='emulator']") is None:
        return
    offered = _capabilities(context).iterfind("devices/tpm/enum[@name='backendModel']/value")
    if "emulator" in [value.text for value in offered]:
        yield holds("tpm", "{} has a TPM emulator.".format(context.there))
        return
    yield blocks(
        "tpm",
        "The VM has an emulated TPM, and {} has no TPM emulator.".format(context.there),
        "Install swtpm and swtpm-tools there and restart the libvirt daemon.",
    )


def _capabilities(context: Context) -> ET.Element:
    return ET.fromstring(
        domain_capabilities(
            context.destination,
            context.emulator,
            context.arch,
            context.machine,
            context.domain_type,
        )
    )


CHECKS = (secrets, firmware, tpm)
