# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Guests of the lab, as libvirt domain definitions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from tests.lab.beats import GUEST_LOGS
from tests.lab.layout import SHARED

BOOT_FILES = SHARED / "boot"
IMAGES = SHARED / "images"
#: The address of a Linux guest, in its definition.
ADDRESS = re.compile(r"\baddress=(\d+\.\d+\.\d+\.\d+)")
_METADATA = "https://drover.dev/xmlns/domain/1"


@dataclass(frozen=True)
class Guest:
    """What all guests have.

    Parameters
    ----------
    name
        Name of the domain, and of its image and logs.
    memory_mib, vcpus
        Size.
    disk
        Whether it has an image on the shared storage, whose lock keeps a second copy from running.
    image, image_format
        An image that was made before, in the place of that one.
    labels, priority
        Drover's metadata in the definition.
    """

    name: str
    memory_mib: int = 64
    vcpus: int = 1
    disk: bool = True
    image: Path | None = None
    image_format: str = "raw"
    labels: Mapping[str, str] = field(default_factory=dict)
    priority: int | None = None

    def xml(self) -> str:
        """Return the definition."""
        return f"""\
<domain type='qemu'>
  <name>{escape(self.name)}</name>
  {self._metadata()}
  <memory unit='MiB'>{self.memory_mib}</memory>
  <vcpu>{self.vcpus}</vcpu>
  {self._boot()}
  <features><acpi/></features>
  <on_poweroff>destroy</on_poweroff>
  <on_crash>destroy</on_crash>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    {self._disk() if self.disk else ""}
    {self._interface()}
    <serial type='file'>
      <source path={quoteattr(f"{GUEST_LOGS}/{self.name}.serial")} append='on'/>
    </serial>
    <controller type='usb' model='none'/>
    <memballoon model='none'/>
  </devices>
</domain>
"""

    def _metadata(self) -> str:
        labels = "".join(
            f"<drover:label name={quoteattr(name)} value={quoteattr(value)}/>"
            for name, value in self.labels.items()
        )
        if self.priority is not None:
            labels += f"<drover:priority value='{self.priority}'/>"
        if not labels:
            return ""
        domain = f"<drover:domain xmlns:drover='{_METADATA}'>{labels}</drover:domain>"
        return f"<metadata>{domain}</metadata>"

    def _boot(self) -> str:
        raise NotImplementedError

    def _disk(self) -> str:
        raise NotImplementedError

    def _interface(self) -> str:
        raise NotImplementedError

    def _disk_on(self, bus: str, device: str) -> str:
        source = quoteattr(str(self.image or IMAGES / f"{self.name}.raw"))
        return (
            "<disk type='file' device='disk'>"
            f"<driver name='qemu' type='{self.image_format}' cache='none'/>"
            f"<source file={source}/><target dev='{device}' bus='{bus}'/></disk>"
        )


@dataclass(frozen=True)
class TinyGuest(Guest):
    """The guest of guest/tiny.c, which boots in a moment.

    Parameters
    ----------
    beats_s
        Heartbeats per second.
    fill_mib
        Memory touched at the start.
    dirty_mib_s, working_set_mib
        Memory written per second, and in how much of it (default: half).
    disk_writes_s
        Sectors written per second, up to 20.
    spin
        Whether it keeps its CPU busy.
    deaf
        Whether it ignores the power button.
    bridge
        A bridge that it is connected to; it never uses the card.
    """

    beats_s: int = 5
    fill_mib: int = 0
    dirty_mib_s: int = 0
    working_set_mib: int | None = None
    disk_writes_s: int = 0
    spin: bool = False
    deaf: bool = False
    bridge: str | None = None

    def _boot(self) -> str:
        options = {
            "beat": self.beats_s,
            "fill": self.fill_mib,
            "dirty": self.dirty_mib_s,
            "set": self.working_set_mib,
            "disk": self.disk_writes_s if self.disk else 0,
            "spin": int(self.spin),
            "deaf": int(self.deaf),
        }
        line = " ".join(f"{name}={value}" for name, value in options.items() if value)
        return (
            "<os><type arch='x86_64' machine='pc'>hvm</type>"
            f"<kernel>{BOOT_FILES}/tiny.elf</kernel><cmdline>{line}</cmdline></os>"
        )

    def _disk(self) -> str:
        return self._disk_on("ide", "hda")

    def _interface(self) -> str:
        if self.bridge is None:
            return ""
        return (
            f"<interface type='bridge'><source bridge={quoteattr(self.bridge)}/>"
            "<model type='e1000'/><rom enabled='no'/></interface>"
        )


@dataclass(frozen=True)
class LinuxGuest(Guest):
    """A Linux with a TCP echo service in the guest network.

    Parameters
    ----------
    address
        Its address in the guest network.
    port
        Where each line that comes is sent back.
    agent
        Whether it has a guest agent; it needs more memory then.
    """

    memory_mib: int = 96
    address: str = ""
    port: int = 7
    agent: bool = False

    def _boot(self) -> str:
        line = f"console=ttyS0 quiet panic=-1 address={self.address} port={self.port}"
        return (
            "<os><type arch='x86_64' machine='q35'>hvm</type>"
            f"<kernel>{BOOT_FILES}/vmlinuz</kernel><initrd>{BOOT_FILES}/{self.initramfs}</initrd>"
            f"<cmdline>{line}</cmdline></os>"
        )

    @property
    def initramfs(self) -> str:
        """Name of the file that it boots from."""
        return "initramfs-agent" if self.agent else "initramfs"

    def _disk(self) -> str:
        return self._disk_on("virtio", "vda")

    def _interface(self) -> str:
        return (
            "<interface type='bridge'><source bridge='br0'/><model type='virtio'/>"
            "<rom enabled='no'/></interface>" + (_AGENT_CHANNEL if self.agent else "")
        )


_AGENT_CHANNEL = (
    "<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>"
)
