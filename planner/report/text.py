# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan as text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .table import counted, duration, gib, render_table

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
    lines = [plan["message"], *_quality(plan), *_figures(plan)]
    for section in (_hosts, _steps, _waves, _curve, _limits, _warnings):
        part = list(section(plan))
        if part:
            lines += ["", *part]
    return "\n".join(lines) + "\n"


def _quality(plan: JsonObject) -> Iterable[str]:
    if plan["status"] == "optimal":
        yield "Proved: no other placement costs less."
    else:
        yield f"The best found; a better one could save {plan['gap']:.1%} of the objective at most."


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
    yield from render_table(("host", "VMs", "memory", "limit", "vCPUs", "busy"), rows)
    if len(shown) < len(hosts):
        yield f"  ({len(hosts) - len(shown)} hosts without a change are not shown)"


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
            f"{step['start_s']:.0f}-{step['finish_s']:.0f} s",
            ", ".join(other.split("-")[0] for other in step["after"]) or "-",
            step["reason"],
        )
        for step in plan["steps"]
    ]
    yield "Migrations:"
    yield from render_table(
        ("step", "wave", "VM", "way", "memory", "predicted", "after", "why"), rows
    )


def _waves(plan: JsonObject) -> Iterable[str]:
    """How long, with how many at once."""
    if not plan["steps"]:
        return
    total = sum(step["memory_mib"] for step in plan["steps"])
    yield (
        f"{counted(len(plan['steps']), 'migration')}, {gib(total)}, in {counted(len(plan['waves']), 'wave')}; "
        f"predicted {duration(plan['makespan_s'])} "
        f"(no order could take less than {duration(plan['makespan_bound_s'])})."
    )


def _curve(plan: JsonObject) -> Iterable[str]:
    """What the first migrations buy, and what the last ones."""
    if "curve" not in plan:
        return
    points = plan["curve"]["points"]
    names = list(points[0]["terms"])
    rows = [
        (p["migrations"], gib(p["memory_mib"]), *(f"{p['terms'][name]:g} %" for name in names))
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
    limits = plan["limits"]
    bandwidth = limits["bandwidth_mib_s"]
    yield (
        f"Limits: {limits['per_host']} at a time per host, {limits['cluster']} in all"
        + (f", {bandwidth:g} MiB/s each" if bandwidth else "")
        + "".join(f", {form.format(limits[key])}" for key, form in TOTALS.items() if key in limits)
        + (f", done by {limits['deadline'][:16].replace('T', ' ')}" if "deadline" in limits else "")
        + "."
    )


def _warnings(plan: JsonObject) -> Iterable[str]:
    yield from (f"Note: {sentence}" for sentence in plan["warnings"])
