# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The capacity a host shows: the files of /sys and /proc from which libvirt and Ansible read it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

TICKS_PER_S = 100


@dataclass(frozen=True)
class Hardware:
    """Capacity of a host.

    Parameters
    ----------
    cpus
        Number of CPUs, in one socket, one thread per core.
    memory_mib
        Memory, in one NUMA node.
    """

    cpus: int = 4
    memory_mib: int = 8192

    def __post_init__(self) -> None:
        if self.cpus < 1:
            raise ValueError("a host has at least one CPU")
        if self.memory_mib < 256:
            raise ValueError("a host has at least 256 MiB of memory")

    @property
    def cpu_list(self) -> str:
        """The CPUs in the kernel's list notation."""
        return f"0-{self.cpus - 1}" if self.cpus > 1 else "0"


@dataclass(frozen=True)
class Usage:
    """What the processes of a host used since its boot.

    Parameters
    ----------
    up_s
        Seconds since boot.
    user_ticks, system_ticks
        CPU time of all processes, in ticks of 10 ms.
    memory_kib
        Memory that the processes hold for themselves.
    """

    up_s: float = 0.0
    user_ticks: int = 0
    system_ticks: int = 0
    memory_kib: int = 0


def write_tree(directory: Path, hardware: Hardware) -> None:
    """Write the files that do not change while the host is up."""
    _write(directory / "cpu", _cpu_files(hardware))
    _write(directory / "node", _node_files(hardware))
    _write(directory / "proc", {"cpuinfo": _cpuinfo(hardware)})
    for path, text in changing_files(hardware, Usage(), booted_at_s=0).items():
        _write(directory, {path: text})


def changing_files(hardware: Hardware, usage: Usage, booted_at_s: int) -> dict[str, str]:
    """Return the files that follow what the host's processes use."""
    total = hardware.memory_mib * 1024
    used = min(usage.memory_kib, total - 1024)
    return {
        "node/node0/meminfo": _node_meminfo(total, used),
        "proc/meminfo": _meminfo(total, used),
        "proc/stat": _stat(hardware.cpus, usage, booted_at_s),
        "proc/uptime": f"{usage.up_s:.2f} {_idle_ticks(hardware.cpus, usage) / TICKS_PER_S:.2f}\n",
    }


def _write(directory: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def _cpu_files(hardware: Hardware) -> dict[str, str]:
    whole = dict.fromkeys(("present", "possible", "online"), hardware.cpu_list)
    files = {**whole, "offline": "", "isolated": "", "kernel_max": str(hardware.cpus - 1)}
    for cpu in range(hardware.cpus):
        files[f"cpu{cpu}/online"] = "1"
        for name, value in _topology(cpu, hardware).items():
            files[f"cpu{cpu}/topology/{name}"] = value
    return {name: f"{text}\n" for name, text in files.items()}


def _topology(cpu: int, hardware: Hardware) -> dict[str, str]:
    alone, together = f"{1 << cpu:x}", f"{(1 << hardware.cpus) - 1:x}"
    numbers = {"core_id": cpu, "physical_package_id": 0, "die_id": 0, "cluster_id": 0}
    return {
        **{name: str(value) for name, value in numbers.items()},
        **dict.fromkeys(("thread_siblings", "core_cpus"), alone),
        **dict.fromkeys(("thread_siblings_list", "core_cpus_list"), str(cpu)),
        **dict.fromkeys(("core_siblings", "package_cpus", "die_cpus"), together),
        **dict.fromkeys(("core_siblings_list", "package_cpus_list"), hardware.cpu_list),
    }


def _node_files(hardware: Hardware) -> dict[str, str]:
    nodes = ("online", "possible", "has_cpu", "has_memory", "has_normal_memory")
    files = {
        **dict.fromkeys(nodes, "0"),
        "node0/cpulist": hardware.cpu_list,
        "node0/cpumap": f"{(1 << hardware.cpus) - 1:x}",
        "node0/distance": "10",
    }
    # libvirt finds a node's CPUs by the names in its directory
    for cpu in range(hardware.cpus):
        files[f"node0/cpu{cpu}/online"] = "1"
    return {name: f"{text}\n" for name, text in files.items()}


def _node_meminfo(total_kib: int, used_kib: int) -> str:
    values = {
        "MemTotal": total_kib,
        "MemFree": total_kib - used_kib,
        "MemUsed": used_kib,
        "FilePages": 0,
    }
    lines = [f"Node 0 {name + ':':15} {value:8} kB" for name, value in values.items()]
    return "\n".join([*lines, "Node 0 HugePages_Total:     0", "Node 0 HugePages_Free:      0", ""])


def _meminfo(total_kib: int, used_kib: int) -> str:
    free = total_kib - used_kib
    values = {"MemTotal": total_kib, "MemFree": free, "MemAvailable": free}
    values |= dict.fromkeys(
        ("Buffers", "Cached", "SwapCached", "Active", "Inactive", "SwapTotal", "SwapFree"), 0
    )
    lines = [f"{name + ':':15} {value:8} kB" for name, value in values.items()]
    pages = ("HugePages_Total", "HugePages_Free", "HugePages_Rsvd", "HugePages_Surp")
    lines += [f"{name + ':':15} {0:8}" for name in pages]
    return "\n".join([*lines, "Hugepagesize:       2048 kB", ""])


def _stat(cpus: int, usage: Usage, booted_at_s: int) -> str:
    busy = (usage.user_ticks, usage.system_ticks)
    total = (*busy, _idle_ticks(cpus, usage))
    # the processes are not really spread like this, but nobody reads more than the sum
    share = tuple(ticks // cpus for ticks in total)
    rows = [("cpu ", total), *((f"cpu{cpu}", share) for cpu in range(cpus))]
    lines = [f"{name} {user} 0 {system} {idle} 0 0 0 0 0 0" for name, (user, system, idle) in rows]
    tail = ("intr 0", "ctxt 0", f"btime {booted_at_s}", "processes 1", "procs_running 1")
    return "\n".join([*lines, *tail, "procs_blocked 0", ""])


def _idle_ticks(cpus: int, usage: Usage) -> int:
    offered = int(usage.up_s * TICKS_PER_S * cpus)
    return max(0, offered - usage.user_ticks - usage.system_ticks)


def _cpuinfo(hardware: Hardware) -> str:
    first = Path("/proc/cpuinfo").read_text().split("\n\n")[0].splitlines()
    return "".join(_cpuinfo_entry(first, cpu, hardware.cpus) for cpu in range(hardware.cpus))


def _cpuinfo_entry(template: list[str], cpu: int, cpus: int) -> str:
    own = {
        "processor": cpu,
        "core id": cpu,
        "apicid": cpu,
        "initial apicid": cpu,
        "physical id": 0,
        "siblings": cpus,
        "cpu cores": cpus,
    }
    keys = (line.partition(":")[0].strip() for line in template)
    lines = (
        f"{key}\t: {own[key]}" if key in own else line
        for key, line in zip(keys, template, strict=True)
    )
    return "\n".join(lines) + "\n\n"
