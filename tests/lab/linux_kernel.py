# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel and the initramfs of the Linux guest, out of Debian's cloud kernel package."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from tests.lab.artefacts import SOURCES, cache_lock, cached
from tests.lab.command import CLEAN_ENVIRONMENT, run
from tests.lab.errors import LabError
from tests.lab.layout import CACHE

_META_PACKAGE = "linux-image-cloud-amd64"
_MODULES = ("virtio_pci", "virtio_net", "button", "evdev")
_UNPACKED = CACHE / "linux"


def linux_guest() -> dict[str, Path]:
    """Return the files that the Linux guest boots from, by name; made at first use.

    Raises
    ------
    LabError
        When the kernel package cannot be downloaded.
    """
    with cache_lock():
        if not _UNPACKED.exists():
            download(_kernel_package(), _UNPACKED)
    kernel = next(_UNPACKED.glob("boot/vmlinuz-*"))
    source = SOURCES / "linux_init.c"
    initramfs = cached(
        "initramfs", [source, Path(__file__)], lambda target: _make_initramfs(target, source)
    )
    return {"vmlinuz": kernel, "initramfs": initramfs}


def download(package: str, target: Path) -> None:
    """Unpack a Debian package without installing it.

    Raises
    ------
    LabError
        When it cannot be downloaded.
    """
    scratch = target.with_suffix(".part")
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    # -o: apt's own user may not be able to write to our directory
    argv = ["apt-get", "-o", "APT::Sandbox::User=root", "download", package]
    downloaded = subprocess.run(
        argv, cwd=scratch, env=CLEAN_ENVIRONMENT, capture_output=True, text=True, check=False
    )
    packages = list(scratch.glob("*.deb"))
    if not packages:
        said = downloaded.stderr.strip()
        raise LabError(f"{package} could not be downloaded: {said}; 'apt-get update'?")
    run(["dpkg-deb", "--extract", str(packages[0]), str(scratch)])
    packages[0].unlink()
    scratch.rename(target)


def _kernel_package() -> str:
    """Return the package that the meta package stands for today."""
    listed = run(["apt-cache", "depends", "--important", _META_PACKAGE], check=False).stdout
    found = re.search(r"Depends: (linux-image-\S+)", listed)
    if found is None:
        raise LabError(f"apt knows no {_META_PACKAGE}; run 'apt-get update'")
    return found.group(1)


def _make_initramfs(target: Path, source: Path) -> None:
    root = target.with_suffix(".root")
    (root / "modules").mkdir(parents=True)
    run(["gcc", "-O2", "-Wall", "-static", "-o", str(root / "init"), str(source)])
    for position, module in enumerate(_in_order(_MODULES)):
        shutil.copy(module, root / "modules" / f"{position:02}-{module.name}")
    pack(root, target)


def pack(root: Path, target: Path) -> None:
    """Make an initramfs of a directory."""
    names = sorted(str(path.relative_to(root)) for path in root.rglob("*"))
    argv = ["cpio", "--quiet", "-o", "-H", "newc", "-D", str(root), "-F", str(target)]
    run(argv, stdin="\n".join(names) + "\n")


def kernel_module(name: str) -> Path:
    """Return a module of the kernel, which must have been downloaded."""
    return next(_UNPACKED.rglob(f"{name}.ko"))


def _in_order(names: tuple[str, ...]) -> list[Path]:
    """Return the modules and all that they depend on, dependencies first."""
    files = {path.stem.replace("-", "_"): path for path in _UNPACKED.rglob("*.ko")}
    ordered: list[Path] = []

    def add(name: str) -> None:
        for dependency in _dependencies(files[name]):
            add(dependency)
        if files[name] not in ordered:
            ordered.append(files[name])

    for name in names:
        add(name)
    return ordered


def _dependencies(module: Path) -> list[str]:
    found = re.search(rb"\0depends=([^\0]*)\0", module.read_bytes())
    listed = found.group(1).decode() if found else ""
    return [name.replace("-", "_") for name in listed.split(",") if name]
