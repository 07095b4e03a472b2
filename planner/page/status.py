# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of a cluster as it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ..cluster.domain import Domain
from ..cluster.host import Host
from ..cluster.parse import parse_cluster
from ..cluster.snapshot import ClusterSnapshot
from ..report.status import asleep, domain_remark, host_remark, saved
from .bars import Bar, bar_of
from .history import Spark, spark_of
from .template import fill
from .tile import Tile
from .words import Words

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class HostNow:
    """A host as it is; the bars are busy CPU and memory given to VMs."""

    name: str
    badges: tuple[tuple[str, str], ...]
    is_up: bool
    vms: int
    cpu: Bar
    memory: Bar
    vcpus: int
    threads: int
    spark: Spark | None
    network: str
    remark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionNow:
    """An execution that a host keeps."""

    since: str
    purpose: str
    owner: str
    coordinator: str
    state: str
    tone: str
    moved: int
    steps: int
    notes: tuple[str, ...]


def status_page(facts: Document, executions: Sequence[Document], at: str, title: str) -> str:
    """Return the page.

    Parameters
    ----------
    facts
        The facts document.
    executions
        What the hosts keep of executions, with their coordinators.
    at
        When the facts were gathered, RFC 3339.
    title
        What the cluster is called.

    Raises
    ------
    InputError
        The facts break their schema.
    """
    cluster, words = parse_cluster(facts), Words()
    by_name = {entry["name"]: entry for entry in facts["hosts"]}
    hosts = [_host(host, cluster, by_name[name]) for name, host in cluster.hosts.items()]
    runs = [_execution(entry) for entry in sorted(executions, key=lambda e: -e["since_s"])]
    island = {
        "hosts": {
            words.number(name): [words.numbers(d.name for d in cluster.domains_on(name))]
            for name in cluster.hosts
        },
        "words": words.all,
    }
    domains = sorted(cluster.domains.values(), key=lambda d: (d.host, d.name))
    values = {
        "title": title,
        "at": at,
        "tiles": list(_tiles(cluster, hosts, runs)),
        "hosts": hosts,
        "domains": [(d, _domain_tone(d), domain_remark(d)) for d in domains],
        "asleep": asleep(facts),
        "saved": saved(facts),
        "executions": runs,
        "has_history": any(host.spark for host in hosts),
    }
    return fill("status.html.j2", values, island)


def _host(host: Host, cluster: ClusterSnapshot, facts: Document) -> HostNow:
    domains = cluster.domains_on(host.name)
    given_mib = sum(domain.memory_mib for domain in domains)
    busy = facts.get("cpu_usage")
    busy = sum(domain.cpu_usage for domain in domains) if busy is None else busy
    size = (host.vcpus, host.memory_mib) if host.is_up else (0, 0)
    return HostNow(
        name=host.name,
        badges=tuple(_badges(host, facts)),
        is_up=host.is_up,
        vms=len(domains),
        cpu=bar_of(busy, busy, size[0], size[0], "CPUs"),
        memory=bar_of(given_mib, given_mib, size[1], size[1], "GiB", 1024),
        vcpus=sum(domain.vcpus for domain in domains),
        threads=host.vcpus,
        spark=spark_of(facts.get("history"), host.vcpus),
        network=host.migration_address or "",
        remark=" ".join(
            [host_remark(host, cluster), *(facts.get("power") or {}).get("closed", ())]
        ),
    )


def _badges(host: Host, facts: Document) -> Iterable[tuple[str, str]]:
    if not host.is_up:
        yield host.state, "sleep" if host.state in ("asleep", "waking") else "bad"
    if host.maintenance:
        yield "maintenance", "warn"
    if host.power.doubtful:
        yield "doubtful", "warn"
    if (facts.get("power") or {}).get("closed"):
        yield "not ready", "warn"


def _domain_tone(domain: Domain) -> str:
    if domain.job:
        return "busy"
    return {"running": "good", "paused": "warn", "crashed": "bad"}.get(domain.state, "none")


def _tiles(
    cluster: ClusterSnapshot, hosts: Sequence[HostNow], runs: Sequence[ExecutionNow]
) -> Iterable[Tile]:
    up = [host for host in cluster.hosts.values() if host.is_up]
    rest = sum(
        1
        for host in cluster.hosts.values()
        if not host.is_up and host.state not in ("asleep", "waking")
    )
    yield Tile(
        label="Hosts up",
        value=f"{len(up)} of {len(hosts)}",
        note=_notes(
            (sum(host.maintenance for host in up), "in maintenance"),
            (len(hosts) - len(up) - rest, "asleep"),
            (rest, "away"),
        ),
        tone="bad" if rest else "none",
    )
    placed = list(cluster.placed.values())
    off = len(cluster.domains) - len(placed)
    yield Tile(label="VMs on hosts", value=str(len(placed)), note=f"{off} shut off" if off else "")
    busy = sum(domain.cpu_usage for domain in placed)
    threads = sum(host.vcpus for host in up) or 1
    yield Tile(
        label="CPU busy with VMs",
        value=f"{busy / threads:.0%}",
        note=f"{busy:.1f} of {threads} threads",
    )
    given = sum(domain.memory_mib for domain in placed) / 1024
    memory = sum(host.memory_mib for host in up) / 1024 or 1
    yield Tile(
        label="Memory given to VMs",
        value=f"{given / memory:.0%}",
        note=f"{given:.0f} of {memory:.0f} GiB",
    )
    moving = [domain for domain in placed if (domain.job or {}).get("kind") == "migration_out"]
    running = [run for run in runs if run.tone == "busy"]
    yield Tile(
        label="Migrations running",
        value=str(len(moving)),
        note=running[0].purpose if running else "",
        tone="busy" if running else "none",
    )
    broken = [run for run in runs if run.tone == "bad"]
    if broken:
        yield Tile(
            label="Unfinished executions",
            value=str(len(broken)),
            note=broken[0].purpose,
            tone="bad",
        )


def _notes(*counts: tuple[int, str]) -> str:
    return ", ".join(f"{number} {what}" for number, what in counts if number)


def _execution(entry: Document) -> ExecutionNow:
    words = {"running": ("running", "busy"), "unfinished": ("unfinished", "bad")}
    ended = ("moved all", "good") if entry["moved"] == entry["steps"] else ("not all moved", "warn")
    state, tone = words.get(entry["state"], ended)
    if entry["state"] == "ended" and entry["unsettled"]:
        state, tone = "unsettled", "bad"
    return ExecutionNow(
        since=datetime.fromtimestamp(entry["since_s"], UTC).strftime("%Y-%m-%d %H:%M UTC"),
        purpose=entry["purpose"] or entry["execution"],
        owner=entry["owner"],
        coordinator=entry["coordinator"],
        state=state,
        tone=tone,
        moved=entry["moved"],
        steps=entry["steps"],
        notes=tuple(_open(entry)),
    )


def _open(entry: Document) -> Iterable[str]:
    for item in entry["unsettled"] or entry["under_way"]:
        per_cent = "" if item["percent"] is None else f", {item['percent']:.0f} %"
        yield f"{item['domain']}: {item['source']} \u2192 {item['destination']}{per_cent}. {item['reason']}".rstrip()
