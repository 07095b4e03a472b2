# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a migration may do and how long it may take.

This module util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

Mode = t.Literal["live", "quick", "offline"]
Handover = t.Literal["auto", "controller", "libvirt"]
PostCopy = t.Literal["never", "on_stall"]

# Plans are about VMs that run.
MODES_OF_PLANS: tuple[str, ...] = ("live", "quick")
MODES: tuple[str, ...] = (*MODES_OF_PLANS, "offline")
HANDOVERS: tuple[str, ...] = ("auto", "controller", "libvirt")
POST_COPY: tuple[str, ...] = ("never", "on_stall")
COPY_STORAGE: tuple[str, ...] = ("none", "all", "inc")
COMPRESSIONS: tuple[str, ...] = ("none", "xbzrle", "mt")

_MIB_PER_GIB = 1024


@dataclass(frozen=True)
class MigrationOptions:
    """How one migration is to be carried out.

    Parameters
    ----------
    mode : str
        C(live) copies memory while the VM runs; C(quick) saves it, moves the image and restores it;
        C(offline) moves the definition of a shut-off VM.
    handover : str
        C(controller): the destination starts paused and is resumed when the source's QEMU is proved
        gone. C(libvirt): libvirt resumes it; safe only where image locks work between the hosts.
        C(auto): C(libvirt) where such a lock is proved, else C(controller).
    max_downtime_ms : int
        Longest pause at the end of the copy that may be asked of QEMU.
    downtime_steps : int
        In how many steps the allowed pause grows to I(max_downtime_ms) over the time budget.
    bandwidth_mib_s : int or None
        Limit of the copy; None leaves it to the network.
    auto_converge : bool
        Whether QEMU may slow the vCPUs down when the copy does not converge.
    post_copy : str
        C(on_stall): finish by post-copy when pre-copy does not converge (the VM is lost if either
        host dies meanwhile); implies libvirt's handover.
    parallel_connections : int or None
        Number of parallel streams; None is one ordinary stream.
    compression : str
        How QEMU compresses the copy: not at all, by sending changes to pages (C(xbzrle)), or with
        several threads (C(mt)).
    tls : bool
        Whether the memory stream is encrypted by QEMU's own TLS.
    timeout_s_per_gib, timeout_min_s : float
        The time budget of the copy: this many seconds per GiB of memory, but at least the minimum.
    stall_window_s, stall_margin : float
        The copy stalls when what remains has not shrunk by this fraction within this time.
    no_progress_timeout_s : float
        The copy is given up when not one byte moved for so long.
    abort_timeout_s : float
        How long a cancelled migration may take to return.
    settle_timeout_s : float
        How long both ends are asked again after an error until they answer.
    save_directory : str
        For C(quick): where the memory is saved, a directory on storage that both hosts and this
        process see at the same path.
    copy_storage : str
        Whether disks that the destination does not have are copied together with the memory: not at
        all, whole, or only their upper layer (C(inc)).
    migrate_disks : tuple of str
        The disks to copy, by their names in the VM; empty for all that the destination has not.
    remove_source_images : bool
        Whether images that were copied are removed from the source once the VM has left it.
    announce : bool
        Whether QEMU announces the VM in its networks for some seconds more than it does by itself.
    unsafe : bool
        Whether libvirt may skip its check for shared storage. Never implied by anything else.

    Raises
    ------
    ValueError
        An option is outside its range, or two options contradict each other.
    """

    mode: str = "live"
    handover: str = "auto"
    max_downtime_ms: int = 500
    downtime_steps: int = 10
    bandwidth_mib_s: int | None = None
    auto_converge: bool = True
    post_copy: str = "never"
    parallel_connections: int | None = None
    compression: str = "none"
    tls: bool = False
    timeout_s_per_gib: float = 150.0
    timeout_min_s: float = 300.0
    stall_window_s: float = 40.0
    stall_margin: float = 0.04
    no_progress_timeout_s: float = 60.0
    abort_timeout_s: float = 30.0
    settle_timeout_s: float = 60.0
    save_directory: str = ""
    copy_storage: str = "none"
    migrate_disks: tuple[str, ...] = ()
    remove_source_images: bool = False
    announce: bool = False
    unsafe: bool = False

    def __post_init__(self) -> None:
        _require_choice("mode", self.mode, MODES)
        _require_choice("handover", self.handover, HANDOVERS)
        _require_choice("post_copy", self.post_copy, POST_COPY)
        _require_choice("copy_storage", self.copy_storage, COPY_STORAGE)
        _require_choice("compression", self.compression, COMPRESSIONS)
        if self.mode == "quick" and not self.save_directory.startswith("/"):
            raise ValueError("save_directory must be an absolute path; mode quick needs it.")
        if self.max_downtime_ms < 1:
            raise ValueError("max_downtime_ms must be positive.")
        if self.downtime_steps < 1:
            raise ValueError("downtime_steps must be positive.")
        if not 0 < self.stall_margin < 1:
            raise ValueError("stall_margin must be a fraction between 0 and 1.")
        for name in ("bandwidth_mib_s", "parallel_connections"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError("{} must be positive.".format(name))
        self._require_compressible()
        self._require_copyable()

    def _require_compressible(self) -> None:
        """Refuse what QEMU refuses, before anything is begun."""
        if self.compression != "none" and self.parallel_connections is not None:
            raise ValueError("compression cannot be combined with parallel_connections.")
        if self.compression == "mt" and self.post_copy != "never":
            raise ValueError("compression mt cannot be combined with post_copy.")

    def _require_copyable(self) -> None:
        """Refuse to copy disks where libvirt cannot, or would not look whether it is right."""
        if self.copy_storage == "none":
            if self.migrate_disks or self.remove_source_images:
                raise ValueError("migrate_disks and remove_source_images need copy_storage.")
        elif self.mode != "live":
            raise ValueError("copy_storage needs the mode live.")
        elif self.unsafe:
            raise ValueError("copy_storage cannot be combined with unsafe.")

    @property
    def resumes_destination(self) -> bool:
        """Whether this process, not libvirt, resumes the VM on the destination."""
        return self.handover != "libvirt" and self.post_copy == "never"

    @property
    def may_use_locks(self) -> bool:
        """Whether libvirt may resume the VM on the destination if locks on its images are proved."""
        return self.mode == "live" and self.handover == "auto" and self.post_copy == "never"

    def timeout_s(self, size_mib: float) -> float:
        """Return the time budget of a copy of this size, in seconds.

        A VM of 8 GiB with the defaults may take 8 x 150 = 1200 s, one of 64 MiB takes the minimum
        of 300 s.
        """
        return max(self.timeout_min_s, self.timeout_s_per_gib * size_mib / _MIB_PER_GIB)


def _require_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ValueError("{} must be one of {}, not {!r}.".format(name, ", ".join(choices), value))
