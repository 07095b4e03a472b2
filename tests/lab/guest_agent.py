# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An initramfs of the Linux guest with Debian's QEMU guest agent in it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from tests.lab.artefacts import cache_lock, cached
from tests.lab.command import run
from tests.lab.layout import CACHE
from tests.lab.linux_kernel import download, kernel_module, linux_guest, pack

_PACKAGE = "qemu-guest-agent"
_UNPACKED = CACHE / _PACKAGE
#: With it the agent sets the system's clock.
_HWCLOCK = Path("/usr/sbin/hwclock")


def agent_initramfs() -> Path:
    """Return the initramfs, made at first use.

    Raises
    ------
    LabError
        When the package cannot be downloaded.
    """
    plain = linux_guest()["initramfs"]
    with cache_lock():
        if not _UNPACKED.exists():
            download(_PACKAGE, _UNPACKED)
    inputs = [plain, Path(__file__)]
    return cached("initramfs-agent", inputs, lambda target: _make(target, plain))


def _make(target: Path, plain: Path) -> None:
    root = target.with_suffix(".root")
    agent = _UNPACKED / "usr/sbin/qemu-ga"
    wanted = {agent: "usr/sbin/qemu-ga", _HWCLOCK: "sbin/hwclock"}
    wanted |= {library: str(library)[1:] for program in wanted for library in _libraries(program)}
    wanted[kernel_module("virtio_console")] = "modules/90-virtio_console.ko"
    for source, place in wanted.items():
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, root / place)
    (root / "run").mkdir()
    archive = target.with_suffix(".cpio")
    pack(root, archive)
    # the kernel unpacks one archive after the other
    target.write_bytes(plain.read_bytes() + archive.read_bytes())


def _libraries(program: Path) -> list[Path]:
    """Return the libraries of a program and its loader."""
    return [Path(path) for path in re.findall(r"(/\S+) \(0x", run(["ldd", str(program)]).stdout)]
