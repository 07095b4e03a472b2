# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is costly to make and the same for every lab, kept in /var/cache/drover-lab."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.lab.command import run
from tests.lab.layout import CACHE

SOURCES = Path(__file__).resolve().parent / "guest"
#: Where libvirt keeps, in a host, what it has found out about QEMU.
CAPABILITIES = Path("/var/cache/libvirt/qemu/capabilities")
_FREESTANDING = (
    "-m32",
    "-O2",
    "-Wall",
    "-ffreestanding",
    "-fno-pic",
    "-fno-stack-protector",
    "-fno-asynchronous-unwind-tables",
    "-mno-sse",
    "-mno-mmx",
    "-nostdlib",
    "-static",
    "-no-pie",
    # a multiboot header in the first 8 KiB, code at 1 MiB
    "-Wl,-m,elf_i386,-N,-e,start,-Ttext=0x100000,--build-id=none",
    "-Wl,--section-start=.multiboot=0x0ff000,--no-warn-rwx-segments",
)


def tiny_guest() -> Path:
    """Return the kernel of the tiny guest, built at first use."""
    sources = [SOURCES / "tiny.S", SOURCES / "tiny.c"]
    return cached("tiny.elf", sources, lambda target: _compile(target, sources))


def cached(name: str, inputs: list[Path], make: Callable[[Path], None]) -> Path:
    """Return a file of the cache, made when its inputs have changed."""
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in inputs)).hexdigest()[:12]
    target = CACHE / f"{digest}-{name}"
    with cache_lock():
        if not target.exists():
            with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
                made = Path(scratch, name)
                make(made)
                made.rename(target)
    return target


@contextmanager
def cache_lock() -> Iterator[None]:
    """Keep two labs from making the same thing."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def seed_capabilities(target: Path) -> bool:
    """Give a host what is known of this QEMU, which saves seconds of probing at first use.

    Returns
    -------
    bool
        False when nothing is known yet.
    """
    known = _capabilities_cache()
    if known.is_dir():
        shutil.copytree(known, target, dirs_exist_ok=True)
    return known.is_dir()


def keep_capabilities(source: Path) -> None:
    """Keep what a host has found out about this QEMU."""
    kept = _capabilities_cache()
    with cache_lock():
        if kept.exists():
            return
        with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
            copy = Path(scratch, "copy")
            shutil.copytree(source, copy)
            copy.rename(kept)


def _capabilities_cache() -> Path:
    programs = ("/usr/bin/qemu-system-x86_64", "/usr/sbin/libvirtd")
    stamps = [f"{os.stat(program).st_ctime_ns}" for program in programs]
    key = hashlib.sha256(" ".join([*stamps, *os.uname()]).encode()).hexdigest()[:12]
    return CACHE / f"{key}-qemu-capabilities"


def _compile(target: Path, sources: list[Path]) -> None:
    run(["gcc", *_FREESTANDING, "-o", str(target), *map(str, sources)])
