# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of a plan, and of what became of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..outcome import Outcome
from ..report.table import counted, duration, gib
from ..report.text import limits_of, quality_of
from .curve import lines_of
from .execution import real_times, word_of
from .flow import Matrix, flow_of
from .hosts import comings_and_goings, host_rows, predicted_watts
from .steps import alternatives, step_rows, troubles
from .template import fill
from .tile import Tile
from .timeline import timeline_of
from .words import Words

Document = Mapping[str, Any]


def plan_page(plan: Document, outcomes: Sequence[Outcome] = ()) -> str:
    """Return the page.

    Parameters
    ----------
    plan
        The plan document.
    outcomes
        What became of its steps, as ``plan_apply`` returns it; empty before it is carried out.
    """
    words, steps, flow = Words(), step_rows(plan, outcomes), flow_of(plan["steps"])
    tones = {outcome["id"]: word_of(outcome)[1] for outcome in outcomes}
    island = {
        "why": alternatives(plan, words),
        "hosts": comings_and_goings(plan, words),
        "words": words.all,
    }
    values = {
        "plan": plan,
        "quality": quality_of(plan),
        "limits": limits_of(plan),
        "tiles": [*_tiles(plan), *_tiles_of(outcomes, plan)],
        "tally": _tally(outcomes),
        "troubles": troubles(steps),
        "hosts": host_rows(plan),
        "watts": predicted_watts(plan),
        "power_off": plan.get("power_off", []),
        "power_on": plan.get("power_on", []),
        "asleep": [host["name"] for host in plan["hosts"] if host["state"] in ("asleep", "waking")],
        "flow": flow,
        "is_matrix": isinstance(flow, Matrix),
        "timeline": timeline_of(plan["steps"], real_times(outcomes), tones, plan["makespan_s"]),
        "steps": steps,
        "has_outcomes": bool(outcomes),
        "staying": _staying(plan),
        "rules": _rules(plan),
        "lines": lines_of(plan),
        "asked": _asked(plan),
    }
    return fill("plan.html.j2", values, island)


def _tiles(plan: Document) -> Iterable[Tile]:
    memory = sum(step["memory_mib"] for step in plan["steps"])
    yield Tile(
        label="Migrations",
        value=str(len(plan["steps"])),
        note=f"{gib(memory)} in {counted(len(plan['waves']), 'wave')}",
    )
    if plan["steps"]:
        yield Tile(
            label="Predicted",
            value=duration(plan["makespan_s"]),
            note=f"no order takes less than {duration(plan['makespan_bound_s'])}",
        )
    changed = sum(host["before"]["domains"] != host["after"]["domains"] for host in plan["hosts"])
    yield Tile(label="Hosts changed", value=str(changed), note=f"of {len(plan['hosts'])}")
    if off := plan.get("power_off"):
        yield Tile(label="May be switched off", value=str(len(off)), note=_some(off))
    if on := plan.get("power_on"):
        yield Tile(label="To be woken", value=str(len(on)), note=_some(on))


def _tiles_of(outcomes: Sequence[Outcome], plan: Document) -> Iterable[Tile]:
    if not outcomes:
        return
    times = real_times(outcomes)
    if times:
        took = max(end for _start, end in times.values())
        yield Tile(
            label="Took", value=duration(took), note=f"planned {duration(plan['makespan_s'])}"
        )
    downtimes = [
        (o["downtime_ms"], o["domain"]) for o in outcomes if o.get("downtime_ms") is not None
    ]
    if downtimes:
        longest, domain = max(downtimes)
        yield Tile(label="Longest downtime", value=f"{longest:.0f} ms", note=domain)


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")


def _tally(outcomes: Iterable[Outcome]) -> list[tuple[str, str, int]]:
    """Return how often each outcome is: word, tone, number; what went well comes first."""
    counts = Counter(word_of(outcome) for outcome in outcomes)
    order = ("good", "busy", "warn", "bad")
    return sorted(
        ((word, tone, number) for (word, tone), number in counts.items()),
        key=lambda entry: (order.index(entry[1]), entry[0]),
    )


def _staying(plan: Document) -> list[tuple[str, list[str]]]:
    """Return why VMs stay that cannot move: each reason with its VMs, the most common first."""
    found: dict[str, list[str]] = {}
    for domain, reason in plan.get("unmoved", {}).items():
        found.setdefault(reason, []).append(domain)
    return sorted(found.items(), key=lambda entry: (-len(entry[1]), entry[0]))


def _rules(plan: Document) -> list[tuple[Document, str, str]]:
    """Return the rules, each with what becomes of it and the tone of that; what is broken comes first."""
    found = [
        (rule, *_fate(rule["before"]["amount"], rule["after"]["amount"]))
        for rule in plan.get("rules", ())
    ]
    order = ("bad", "warn", "good", "none")
    return sorted(found, key=lambda entry: order.index(entry[2]))


def _fate(before: float, after: float) -> tuple[str, str]:
    if not after:
        return ("repaired", "good") if before else ("holds", "none")
    if after > before:
        return "broken more", "bad"
    return ("broken as before", "warn") if after == before else ("broken less", "warn")


def _asked(plan: Document) -> str:
    return ", ".join(
        f"{key} {' '.join(map(str, value)) if isinstance(value, list) else value}"
        for key, value in plan["asked"].items()
    )
