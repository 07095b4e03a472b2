# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan as text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..visible import text_of
from .table import amounts_used, counted, duration, gib, render_table

JsonObject = Mapping[str, Any]

MANY_HOSTS = 60
"""In a larger cluster only the hosts that change are shown."""


TOTALS = {
    "network_mib_s": "{:g} MiB/s together",
    "max_migrations": "{} migrations at most",
    "max_memory_gib": "{:g} GiB at most",
    "duration_s": "done within {:g} s",
}
"""How the limits of all migrations together are told."""


def render(plan: JsonObject) -> str:
    """Return a plan document as text: what it does, the hosts before and after, the migrations, the limits."""
    lines = [plan["message"], quality_of(plan), *_figures(plan)]
    for section in (_hosts, _steps, _waves, _curve, _limits, _warnings):
        part = list(section(plan))
        if part:
            lines += ["", *part]
    return text_of(lines) + "\n"


def quality_of(plan: JsonObject) -> str:
    """Say whether a plan is proved to be the best, or how much a better one could save."""
    if plan["status"] == "optimal":
        return "Proved: no other placement costs less."
    return f"The best found; a better one could save {plan['gap']:.1%} of the objective at most."


def _figures(plan: JsonObject) -> Iterable[str]:
    """The figures of goals that have any, and what may be switched off."""
    if plan["goal"] == "balance":
        spread = {term["name"]: term["value"] for term in plan["terms"]}
        yield (
            f"Standard deviation afterwards: memory {spread['deviation of memory']:g} %, "
            f"vCPUs {spread['deviation of vCPUs']:g} % of the limit."
        )
    if plan.get("power_off"):
        yield f"May be switched off afterwards: {', '.join(plan['power_off'])}."


def _hosts(plan: JsonObject) -> Iterable[str]:
    if not plan["steps"]:
        return
    hosts = plan["hosts"]
    changed = [host for host in hosts if host["before"]["domains"] != host["after"]["domains"]]
    shown = hosts if len(hosts) <= MANY_HOSTS else changed
    rows = [
        (
            host["name"],
            f"{len(host['before']['domains'])} -> {len(host['after']['domains'])}",
            f"{gib(host['before']['memory_mib'])} -> {gib(host['after']['memory_mib'])}",
            gib(host["memory_limit_mib"]),
            f"{host['before']['vcpus']} -> {host['after']['vcpus']}",
            f"{host['before']['cpu_usage']:.1f} -> {host['after']['cpu_usage']:.1f}",
        )
        for host in shown
    ]
    yield "Hosts, before and after:"
    yield from render_table(("host", "VMs", "memory", "memory limit", "vCPUs", "CPUs busy"), rows)
    yield from _own_use(shown)
    if len(shown) < len(hosts):
        yield f"  ({len(hosts) - len(shown)} hosts without a change are not shown)"


def _own_use(hosts: Sequence[JsonObject]) -> Iterable[str]:
    """Say what hosts use beside their VMs, where that is worth a word; the limits leave it out."""
    used = [host for host in hosts if any(host.get("own_use", {}).values())]
    if used:
        said = (f"{host['name']} {amounts_used(**host['own_use'])}" for host in used)
        yield f"  Used beside the VMs, and not given out: {'; '.join(said)}."


def _steps(plan: JsonObject) -> Iterable[str]:
    if not plan["steps"]:
        return
    wave_of = {step: number for number, wave in enumerate(plan["waves"], start=1) for step in wave}
    rows = [
        (
            step["id"].split("-")[0],
            wave_of[step["id"]],
            step["domain"],
            f"{step['source']} -> {step['destination']}",
            gib(step["memory_mib"]),
            f"{step['start_s']:.0f} to {step['finish_s']:.0f} s",
            ", ".join(other.split("-")[0] for other in step["after"]) or "-",
            step["reason"],
        )
        for step in plan["steps"]
    ]
    yield "Migrations (times are predicted, from the first start on):"
    yield from render_table(
        ("step", "wave", "VM", "way", "memory", "start to end", "after", "why"), rows
    )


def _waves(plan: JsonObject) -> Iterable[str]:
    """How long, with how many at once."""
    if not plan["steps"]:
        return
    total = sum(step["memory_mib"] for step in plan["steps"])
    takes, least = duration(plan["makespan_s"]), duration(plan["makespan_bound_s"])
    order = "no order takes less" if takes == least else f"no order could take less than {least}"
    yield (
        f"{counted(len(plan['steps']), 'migration')}, {gib(total)}, in {counted(len(plan['waves']), 'wave')}; "
        f"predicted to take {takes} in all ({order})."
    )


def _curve(plan: JsonObject) -> Iterable[str]:
    """What the first migrations buy, and what the last ones."""
    if "curve" not in plan:
        return
    points = plan["curve"]["points"]
    names = list(points[0]["terms"])
    units = {term["name"]: term["unit"].split(" ")[0] for term in plan["terms"]}
    rows = [
        (
            p["migrations"],
            gib(p["memory_mib"]),
            *(f"{p['terms'][name]:g} {units.get(name, '')}".rstrip() for name in names),
        )
        for p in points
    ]
    basis = (
        "each number solved on its own"
        if plan["curve"]["solved"]
        else "the plan's own migrations, the one that gains most next"
    )
    yield f"With fewer migrations ({basis}):"
    yield from render_table(("migrations", "memory", *names), rows)


def _limits(plan: JsonObject) -> Iterable[str]:
    if plan["steps"]:
        yield limits_of(plan)


def limits_of(plan: JsonObject) -> str:
    """Say which limits the order of the migrations keeps."""
    limits = plan["limits"]
    bandwidth = limits["bandwidth_mib_s"]
    return (
        f"Limits: {limits['per_host']} at a time per host, {limits['cluster']} in all"
        + (f", {bandwidth:g} MiB/s each" if bandwidth else "")
        + "".join(f", {form.format(limits[key])}" for key, form in TOTALS.items() if key in limits)
        + (f", done by {limits['deadline'][:16].replace('T', ' ')}" if "deadline" in limits else "")
        + "."
    )


def _warnings(plan: JsonObject) -> Iterable[str]:
    yield from (f"Note: {sentence}" for sentence in plan["warnings"])
