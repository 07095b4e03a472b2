# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What monitoring knows, put into the facts of hosts and VMs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from .queries import Question
from .vectors import Sample

JsonObject = Mapping[str, Any]
Answers = Mapping[str, Sequence[Sample]]

MIB = 2**20
_PORT = re.compile(r":\d+\Z")


def with_figures(
    facts: JsonObject, answers: Answers, question: Question, source: str
) -> dict[str, Any]:
    """Return the facts with what monitoring knows as ``load`` of hosts and VMs; where it knows nothing, as they were.

    A VM is known by the label ``uuid``, or else by ``domain``, its name, where no other VM has that one; a host by
    the address or name in ``instance``.

    Parameters
    ----------
    answers
        The series by the name of the query.
    """
    of_domains = _OfDomains(facts["domains"], answers)
    of_hosts = _OfHosts(answers)
    running = {d["host"] for d in facts["domains"] if (d.get("state") or "running") == "running"}
    kind = {
        "window_s": question.window_s,
        "percentile": question.percentile,
        "source": source,
    }
    return {
        **facts,
        "domains": [
            _with_load(entry, of_domains.figures(entry), kind) for entry in facts["domains"]
        ],
        "hosts": [
            _with_load(
                entry,
                of_hosts.own(entry, has_domains=entry["name"] in running),
                {**kind, "percentile": None},
            )
            for entry in facts["hosts"]
        ],
    }


def _with_load(
    entry: JsonObject, figures: Mapping[str, float], kind: Mapping[str, Any]
) -> dict[str, Any]:
    return {**entry, "load": {**kind, **figures}} if figures else dict(entry)


def kept_figures(facts: JsonObject) -> dict[str, dict[str, Any]]:
    """Return the figures that are in facts, to be kept: of hosts by name, of VMs by UUID or else by name."""
    return {
        "hosts": {entry["name"]: entry["load"] for entry in facts["hosts"] if entry.get("load")},
        "domains": {_key(entry): entry["load"] for entry in facts["domains"] if entry.get("load")},
    }


def with_kept(facts: JsonObject, kept: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the facts with figures that were kept; where there are none, as they were."""
    of_hosts, of_domains = kept.get("hosts") or {}, kept.get("domains") or {}
    return {
        **facts,
        "hosts": [_with_entry(entry, of_hosts.get(entry["name"])) for entry in facts["hosts"]],
        "domains": [_with_entry(entry, of_domains.get(_key(entry))) for entry in facts["domains"]],
    }


def _key(domain: JsonObject) -> str:
    return str(domain.get("uuid") or domain["name"])


def _with_entry(entry: JsonObject, figures: Any) -> dict[str, Any]:
    return {**entry, "load": figures} if figures else dict(entry)


class _OfDomains:
    """The figures of VMs."""

    def __init__(self, domains: Iterable[JsonObject], answers: Answers) -> None:
        names = [entry["name"] for entry in domains]
        self._twice = {name for name in names if names.count(name) > 1} if names else set()
        self._busy = self._index(answers.get("domain_cpu", ()))
        self._memory = self._index(answers.get("domain_memory", ()))

    @staticmethod
    def _index(samples: Iterable[Sample]) -> dict[str, float]:
        """Return the values by UUID and by name; of a name that several series have, none."""
        found: dict[str, float] = {}
        ambiguous = set()
        for labels, value in samples:
            key = labels.get("uuid") or labels.get("domain") or ""
            ambiguous |= {key} & found.keys()
            found[key] = value
        return {key: value for key, value in found.items() if key and key not in ambiguous}

    def figures(self, entry: JsonObject) -> dict[str, float]:
        """Return what is known of a VM."""
        busy, memory = self._of(self._busy, entry), self._of(self._memory, entry)
        found = {} if busy is None else {"cpu_usage": round(min(busy, 1e6), 3)}
        if memory is not None:
            found["memory_used_mib"] = round(memory / MIB)
        return found

    def _of(self, known: Mapping[str, float], entry: JsonObject) -> float | None:
        by_uuid = known.get(entry.get("uuid") or "")
        if by_uuid is not None or entry["name"] in self._twice:
            return by_uuid
        return known.get(entry["name"])


class _OfHosts:
    """What hosts use beside their VMs."""

    def __init__(self, answers: Answers) -> None:
        self._answers = {
            name: {_address(one.labels.get("instance", "")): one.value for one in samples}
            for name, samples in answers.items()
        }

    def own(self, entry: JsonObject, *, has_domains: bool) -> dict[str, float]:
        """Return what is known of a host; nothing where its VMs, which are to be taken off, are not known."""
        busy = self._difference(entry, "host_cpu", "host_domains_cpu", has_domains)
        memory = self._difference(entry, "host_memory", "host_domains_memory", has_domains)
        found = {} if busy is None else {"own_cpu_usage": round(min(busy, 1e6), 3)}
        if memory is not None:
            found["own_memory_mib"] = round(memory / MIB)
        return found

    def _difference(
        self, entry: JsonObject, whole: str, part: str, has_domains: bool
    ) -> float | None:
        of_host, of_domains = self._of(entry, whole), self._of(entry, part)
        if of_host is None or (of_domains is None and has_domains):
            return None
        return max(0.0, of_host - (of_domains or 0.0))

    def _of(self, entry: JsonObject, name: str) -> float | None:
        known = self._answers.get(name, {})
        return next((known[one] for one in _addresses(entry) if one in known), None)


def _address(instance: str) -> str:
    """Return the name or address in an instance like ``kvm1:9100`` or ``[2001:db8::1]:9177``."""
    return (
        _PORT.sub("", instance).strip("[]").lower()
        if "]" in instance or instance.count(":") < 2
        else instance.lower()
    )


def _addresses(entry: JsonObject) -> list[str]:
    """Return all that a host may be called in monitoring."""
    uri = (entry.get("connection") or {}).get("uri") or ""
    address = (entry.get("migration") or {}).get("address")
    found = [entry["name"], entry.get("hostname"), _host_of(uri), address]
    return [str(one).lower() for one in found if one]


def _host_of(uri: str) -> str | None:
    try:
        return urlsplit(uri).hostname
    except ValueError:
        return None
