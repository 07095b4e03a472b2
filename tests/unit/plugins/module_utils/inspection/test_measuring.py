# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The load of a host, measured now and since the last reading."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.module_utils._facts.history import Figures
from ansible_collections.drover.libvirt.plugins.module_utils._facts.readings import LoadSample
from ansible_collections.drover.libvirt.plugins.module_utils._inspection.measuring import (
    Load,
    LoadMeter,
)
from ansible_collections.drover.libvirt.plugins.module_utils._linux.history_file import FILE_NAME

S = 10**9
CPUS = 4
WALL_S = 1_800_000_000.0


class Machine:
    """A host with time and counters of its own: a VM "u1" keeps half a CPU busy, the host itself a quarter."""

    def __init__(self) -> None:
        self.up_s = 1000.0
        self.boot = "b1"
        self.set_by_s = 0.0
        self.ids = {"u1": 1}
        self.busy_s: dict[str, float] = {"u1": 500.0}
        self.host_busy_s = 750.0
        self.slept_s = 0.0

    def run(self, seconds: float, busy: float = 0.5) -> None:
        """Let time pass."""
        self.up_s += seconds
        for uuid in self.busy_s:
            self.busy_s[uuid] += busy * seconds
        self.host_busy_s += (0.25 + busy * len(self.busy_s)) * seconds

    def sleep(self, seconds: float) -> None:
        """Wait, as the meter does."""
        self.slept_s += seconds
        self.run(seconds)

    def restart(self, uuid: str) -> None:
        """Start a VM again, or let one arrive: libvirt gives it a new number, and its QEMU counts from zero."""
        self.ids[uuid] = max(self.ids.values()) + 1
        self.busy_s[uuid] = 0.0

    def reboot(self) -> None:
        """Start the host again."""
        self.boot, self.up_s, self.host_busy_s = "b2", 30.0, 10.0
        self.restart("u1")

    def counters(self) -> LoadSample:
        """Read the counters."""
        user = int(self.host_busy_s * S)
        host = {"user": user, "kernel": 0, "iowait": 0, "idle": int(self.up_s * CPUS * S) - user}
        domains: dict[str, dict[str, Any]] = {
            uuid: {"id": self.ids[uuid], "cpu.time": int(spent * S)}
            for uuid, spent in self.busy_s.items()
        }
        return LoadSample(self.up_s, host, {**domains, "off": {"id": -1}})

    def look(self, directory: Path, keep: bool = True) -> tuple[Load, dict[str, Any], list[str]]:
        """Read the load as host_info does; all else takes 0.2 s to be read."""
        meter = LoadMeter(
            self.counters,
            str(directory),
            self.sleep,
            self.boot,
            lambda: WALL_S + self.up_s + self.set_by_s,
        )
        self.run(0.2)
        load = meter.load(1.0, CPUS)
        memory = dict.fromkeys(self.busy_s, 100)
        facts = meter.remember(CPUS, memory, Figures(None, 900), 300, keep)
        return load, facts, meter.problems


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    """A host that has been up for a while; this process itself takes no time."""
    monkeypatch.setattr("time.process_time", lambda: 0.0)
    return Machine()


def test_the_first_reading_waits_for_the_rest_of_a_second(machine: Machine, tmp_path: Path) -> None:
    """What the other readings took counts."""
    load, facts, problems = machine.look(tmp_path)
    assert machine.slept_s == pytest.approx(0.8)
    assert (load.cpu_usage, load.domains) == (0.75, {"u1": 0.5})
    # Reading a host takes a good part of a second itself.
    assert load.own_cpu is None
    assert facts["domains"]["u1"] == {"cpu_usage": [0.5], "memory_used_mib": [100]}
    assert problems == []


def test_the_next_one_knows_the_true_mean_and_waits_for_nothing(
    machine: Machine, tmp_path: Path
) -> None:
    """Five minutes idle and five busy are half."""
    machine.look(tmp_path)
    machine.slept_s = 0.0
    machine.run(300, 0.0)
    machine.run(299.8, 1.0)
    load, facts, _problems = machine.look(tmp_path)
    assert machine.slept_s == 0.0
    assert load.domains["u1"] == pytest.approx(0.5, abs=0.001)
    assert load.own_cpu == pytest.approx(0.25)
    # The second in which the first reading was made is the beginning of the sample.
    assert facts["span_s"] == [601.0]


def test_a_mean_over_many_hours_is_kept_but_is_not_the_load_now(
    machine: Machine, tmp_path: Path
) -> None:
    """It is a sample; what counts now is measured."""
    machine.look(tmp_path)
    machine.run(8 * 3600, 0.0)
    load, facts, _problems = machine.look(tmp_path)
    assert load.domains["u1"] == pytest.approx(0.5)
    assert facts["domains"]["u1"]["cpu_usage"][-1] < 0.01


def test_two_readings_in_a_minute_measure_both(machine: Machine, tmp_path: Path) -> None:
    """A mean over seconds would be no better than a sample, and older."""
    machine.look(tmp_path)
    machine.slept_s = 0.0
    machine.run(10, 0.0)
    assert machine.look(tmp_path)[0].domains["u1"] == pytest.approx(0.5)
    assert machine.slept_s == pytest.approx(0.8)


def test_a_vm_that_started_since_is_measured(machine: Machine, tmp_path: Path) -> None:
    """Its new counter says nothing of the whole time; the others keep their means."""
    machine.busy_s["u2"], machine.ids["u2"] = 0.0, 2
    machine.look(tmp_path)
    machine.run(300, 0.1)
    machine.restart("u1")
    machine.run(300, 0.1)
    load, facts, _problems = machine.look(tmp_path)
    assert load.domains["u1"] == pytest.approx(0.5)
    assert load.domains["u2"] == pytest.approx(0.1, abs=0.01)
    assert facts["domains"]["u1"]["cpu_usage"] == [0.5]
    assert facts["domains"]["u2"]["cpu_usage"][-1] == pytest.approx(0.1, abs=0.01)


def test_a_reboot_begins_again_and_keeps_the_past(machine: Machine, tmp_path: Path) -> None:
    """Counters of another boot are not compared, whatever they say."""
    machine.look(tmp_path)
    machine.run(600)
    machine.look(tmp_path)
    machine.set_by_s = machine.up_s + 60
    machine.reboot()
    load, facts, _problems = machine.look(tmp_path)
    assert load.cpu_usage == pytest.approx(0.75)
    assert len(facts["age_s"]) == 2


def test_counters_that_go_back_begin_again(machine: Machine, tmp_path: Path) -> None:
    """Even where the boot seems to be the same, as in a container."""
    machine.look(tmp_path)
    machine.run(600)
    machine.look(tmp_path)
    machine.host_busy_s, machine.up_s = 0.0, 1.0
    load, _facts, _problems = machine.look(tmp_path)
    assert load.cpu_usage == pytest.approx(0.75)


def test_a_clock_that_is_set_changes_no_mean(machine: Machine, tmp_path: Path) -> None:
    """Lengths are counted from the boot, and the ages of samples stay right."""
    machine.look(tmp_path)
    machine.run(600)
    machine.look(tmp_path)
    machine.set_by_s = -86400.0
    machine.run(600)
    load, facts, _problems = machine.look(tmp_path)
    assert load.domains["u1"] == pytest.approx(0.5)
    assert facts["age_s"] == [pytest.approx(600.2), 0.0]


def test_two_readings_at_once_lose_at_most_one_sample(machine: Machine, tmp_path: Path) -> None:
    """Whichever writes last, counters and sample belong together, and nothing counts twice."""
    machine.look(tmp_path)
    machine.run(600)

    def meter() -> LoadMeter:
        found = LoadMeter(
            machine.counters, str(tmp_path), machine.sleep, "b1", lambda: WALL_S + machine.up_s
        )
        found.load(1.0, CPUS)
        return found

    first, second = meter(), meter()
    second.remember(CPUS, {}, Figures(), None, True)
    first.remember(CPUS, {}, Figures(), None, True)
    machine.run(600)
    _load, facts, _problems = machine.look(tmp_path)
    assert facts["span_s"] == [pytest.approx(601, abs=0.5), pytest.approx(600.2, abs=0.5)]


def test_check_mode_and_a_disk_that_is_read_only_keep_nothing(
    machine: Machine, tmp_path: Path
) -> None:
    """The load is measured all the same; of the disk a warning tells."""
    load, _facts, problems = machine.look(tmp_path / "load", keep=False)
    assert not (tmp_path / "load").exists()
    assert problems == []
    (tmp_path / "file").write_text("")
    load, facts, problems = machine.look(tmp_path / "file" / "load")
    assert load.domains["u1"] == pytest.approx(0.5)
    assert len(facts["age_s"]) == 1
    assert [FILE_NAME in problem for problem in problems] == [True] * len(problems)
    assert any("is not kept" in problem for problem in problems)


def test_a_damaged_file_is_told_once_and_begins_again(machine: Machine, tmp_path: Path) -> None:
    """The next reading finds a good one."""
    (tmp_path / FILE_NAME).write_text('{"counters": [')
    assert "begins again" in machine.look(tmp_path)[2][0]
    assert machine.look(tmp_path)[2] == []
