# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host remembers of its load."""

from __future__ import annotations

import base64
import json
import zlib
from random import Random

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._facts import history as module
from ansible_collections.drover.libvirt.plugins.module_utils._facts.history import (
    Counters,
    Figures,
    History,
    Sample,
    format_history,
    history_facts,
    parse_history,
    remember,
)
from ansible_collections.drover.libvirt.plugins.module_utils._facts.readings import LoadSample

NOW = 1_800_000_000.0


def counters(at_s: float, up_s: float, boot: str = "b1") -> Counters:
    """Return a reading with one VM that runs and one that is off."""
    domains = {"u1": {"id": 3, "cpu.time": 7 * 10**9}, "u2": {"id": -1}}
    return Counters(boot, at_s, LoadSample(up_s, {"user": 1, "idle": 2}, domains))


def sample(at_s: float, span_s: float, busy: float, **domains: float) -> Sample:
    """Return a sample in which the host, and VMs, were busy like this."""
    of_domains = {uuid: Figures(one, 100) for uuid, one in domains.items()}
    return Sample(at_s, span_s, Figures(busy, 1000), Figures(0.5, 400), of_domains)


def grown(samples: list[Sample]) -> History:
    """Return the history of these samples, each kept when it ended."""
    history = History()
    for one in samples:
        history = remember(history, counters(one.at_s, one.at_s - NOW + 1e6), one)
    return history


def test_what_is_written_is_read_again() -> None:
    """The counters of VMs that are off are not needed, all else is the same."""
    history = grown([sample(NOW, 600, 1.5, u1=1.0), sample(NOW + 600, 600, 2.0, u3=0.25)])
    found = parse_history(format_history(history))
    assert found.samples == history.samples
    assert found.counters is not None
    assert found.counters.boot_id == "b1"
    assert found.counters.read.domains == {"u1": {"id": 3, "cpu.time": 7 * 10**9}}


def test_many_runs_in_a_row_are_one_sample() -> None:
    """Each counts by its length: 100 s with 1 CPU busy and 200 s with 4 make 300 s with 3."""
    history = grown([sample(NOW, 100, 1.0, u1=1.0), sample(NOW + 200, 200, 4.0, u1=4.0)])
    assert [(one.at_s, one.span_s, one.host.cpu_usage) for one in history.samples] == [
        (NOW + 200, 300, 3.0)
    ]
    assert history.samples[0].domains["u1"] == Figures(3.0, 100.0)


def test_a_vm_that_came_in_between_counts_while_it_was_there() -> None:
    """Not as idle before."""
    history = grown([sample(NOW, 100, 1.0), sample(NOW + 200, 200, 4.0, u1=4.0)])
    assert history.samples[0].domains["u1"].cpu_usage == 4.0


def test_the_ring_is_bounded_and_reaches_back() -> None:
    """A day of runs every five minutes: older samples become coarser, the newest two hours stay."""
    samples = [sample(NOW + 300 * n, 300, float(n), u1=float(n)) for n in range(1, 289)]
    kept = grown(samples).samples
    assert len(kept) == module.MOST
    assert kept[-24:] == tuple(samples[-24:])
    assert sum(one.span_s for one in kept) == 86400
    assert max(one.span_s for one in kept[-48:]) <= kept[0].span_s <= 7200
    mean = sum((one.host.cpu_usage or 0) * one.span_s for one in kept) / 86400
    assert mean == pytest.approx(sum(range(1, 289)) / 288, abs=0.01)
    assert len(format_history(History(None, kept))) < 1500


def test_what_is_older_than_eight_days_is_forgotten() -> None:
    """A cluster that is looked at once a week has its last look."""
    week, nine_days = 7 * 86400, 9 * 86400
    first = sample(NOW, 600, 1.0)
    assert len(grown([first, sample(NOW + week, 600, 2.0)]).samples) == 2
    assert len(grown([first, sample(NOW + nine_days, 600, 2.0)]).samples) == 1


@pytest.mark.parametrize("jump_s", [-7200.0, 90 * 86400.0])
def test_a_clock_that_is_set_moves_the_past_along(jump_s: float) -> None:
    """What was ten minutes ago stays ten minutes ago, whatever the clock says now."""
    history = remember(History(), counters(NOW, 5000), sample(NOW, 600, 1.0))
    later = NOW + 600 + jump_s
    history = remember(history, counters(later, 5600), sample(later, 600, 2.0))
    assert history_facts(history, later)["age_s"] == [600.0, 0.0]


def test_after_a_reboot_the_samples_stay() -> None:
    """Only those that would lie in the future, by a clock that lost its time, are left out."""
    history = remember(History(), counters(NOW, 5000), sample(NOW, 600, 1.0))
    after = remember(history, counters(NOW + 900, 60, "b2"), sample(NOW + 900, 1, 2.0))
    assert history_facts(after, NOW + 900)["age_s"] == [900.0, 0.0]
    lost = remember(history, counters(100, 60, "b2"), sample(100, 1, 2.0))
    assert history_facts(lost, 100)["age_s"] == [0.0]


def test_facts_have_a_column_for_each_vm_that_was_here() -> None:
    """Also of one that has left; where it was not there, nothing is known."""
    history = grown([sample(NOW, 600, 1.5, u1=1.0), sample(NOW + 600, 600, 2.0, u3=0.25)])
    facts = history_facts(history, NOW + 600)
    assert facts["cpu_usage"] == [1.5, 2.0]
    assert facts["own_memory_mib"] == [400, 400]
    assert facts["domains"]["u1"] == {"cpu_usage": [1.0, None], "memory_used_mib": [100, None]}
    assert facts["domains"]["u3"]["cpu_usage"] == [None, 0.25]


@pytest.mark.parametrize(
    "change",
    [
        {"at_s": []},
        {"span_s": [-1]},
        {"cpu_usage": ["much"]},
        {"own_cpu_usage": [float("nan")]},
        {"domains": {"u1": {"cpu_usage": [1.0]}}},
        {"domains": []},
    ],
)
def test_samples_that_are_damaged_are_an_error(change: dict[str, object]) -> None:
    """Nothing of a file is used of which a part is damaged."""
    document = json.loads(format_history(grown([sample(NOW, 600, 1.5, u1=1.0)])))
    samples = module._packed({**module._unpacked(document["samples"]), **change})
    with pytest.raises(ValueError):
        parse_history(json.dumps({**document, "samples": samples}))


ENDLESS = base64.b64encode(zlib.compress(b" " * (1 << 25))).decode()


@pytest.mark.parametrize(
    "change",
    [
        *({"counters": {"boot_id": "b1"}}, {"counters": 3}, {"samples": None}, {"samples": "!"}),
        *({"samples": ""}, {"samples": "e30="}, {"samples": ENDLESS}),
    ],
)
def test_what_is_no_history_is_an_error(change: dict[str, object]) -> None:
    """Also samples that cannot be unpacked, or would fill the memory of the host."""
    document = json.loads(format_history(grown([sample(NOW, 600, 1.5, u1=1.0)])))
    with pytest.raises(ValueError):
        parse_history(json.dumps({**document, **change}))


def test_a_full_history_is_a_few_kilobytes() -> None:
    """Eight days of looks every ten minutes at 20 VMs whose load goes up and down."""
    random = Random(1)
    samples = []
    busy = [1.0] * 20
    for look in range(8 * 144):
        busy = [min(4.0, max(0.01, one + random.gauss(0, 0.1))) for one in busy]
        used = {f"5f0f7a3c-8f2b-4c5e-9a51-{n:012d}": one for n, one in enumerate(busy)}
        samples.append(sample(NOW + 600 * look, 600, sum(busy), **used))
    assert len(format_history(grown(samples))) < 6 * 1024
