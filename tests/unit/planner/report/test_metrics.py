# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Metrics as real parsers read them."""

from __future__ import annotations

import shutil
import subprocess
from typing import Any

import pytest

from planner.report.metrics import metrics
from tests.unit.planner.builders import Facts, domain, host

parser = pytest.importorskip("prometheus_client.openmetrics.parser")
AT_S = 1_795_888_826.5


def facts() -> Facts:
    """Return a host with load, an idle one, one in maintenance and one that sleeps."""
    watts = {"idle_w": 100, "busy_w": 200}
    return {
        "hosts": [
            host("a", vcpus=16, power=watts),
            host("b", vcpus=16, power=watts),
            host("c", vcpus=16, maintenance=True),
            host("d", vcpus=16, state="asleep", power={**watts, "off_s": 36000, "asleep_w": 4}),
        ],
        "domains": [domain("vm1", "a", memory_mib=500, vcpus=8, cpu_usage=4.0)],
    }


def outcome(result: str, downtime_ms: float | None = None) -> dict[str, Any]:
    """Return what became of a migration."""
    return {"outcome": result, "downtime_ms": downtime_ms}


def read(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Return the samples of a text as the parser of OpenMetrics finds them, without the label of the cluster."""
    return {
        (s.name, tuple(sorted((k, v) for k, v in s.labels.items() if k != "cluster"))): s.value
        for family in parser.text_string_to_metric_families(text)
        for s in family.samples
    }


def test_a_cluster_is_measured() -> None:
    """Hosts by state, how uneven they are, what they draw and what sleep has saved."""
    found = read(metrics("", "kvm", facts=facts(), at_s=AT_S))
    assert {
        labels[0][1]: value for (name, labels), value in found.items() if name == "drover_hosts"
    } == {"up": 2, "maintenance": 1, "asleep": 1}
    assert found["drover_vms", ()] == 1
    uneven = {
        dict(labels)["resource"]: value
        for (name, labels), value in found.items()
        if name == "drover_imbalance"
    }
    assert uneven == {"memory": 0.25, "vcpus": 0.25, "cpu": 0.125}
    assert found["drover_power_watts", ()] == 229
    assert found["drover_saved_kwh", ()] == pytest.approx(0.96)
    assert found["drover_facts_timestamp_seconds", ()] == 1_795_888_826


def test_migrations_are_counted_over_runs() -> None:
    """What was counted goes on, and what is known of the cluster stays when only migrations are added."""
    first = metrics("", "kvm", facts=facts(), at_s=AT_S)
    second = metrics(first, "kvm", outcomes=[outcome("moved", 40), outcome("not_moved")])
    third = metrics(second, "kvm", outcomes=[outcome("moved", 2000.5), outcome("moved", 40)])
    found = read(third)
    assert found["drover_migrations_total", (("outcome", "moved"),)] == 3
    assert found["drover_migrations_total", (("outcome", "not_moved"),)] == 1
    name = "drover_migration_downtime_seconds"
    assert found[f"{name}_bucket", (("le", "0.03"),)] == 0
    assert found[f"{name}_bucket", (("le", "0.1"),)] == 2
    assert found[f"{name}_bucket", (("le", "+Inf"),)] == found[f"{name}_count", ()] == 3
    assert found[f"{name}_sum", ()] == pytest.approx(2.0805)
    assert found["drover_vms", ()] == 1


def test_clusters_share_a_file() -> None:
    """Each has a label of its own, whatever its name is, and leaves the others alone."""
    text = metrics("", 'a "b"\\\n', facts=facts(), at_s=AT_S, outcomes=[outcome("moved", 5)])
    both = metrics(text, "kvm", facts={"hosts": [host("x")], "domains": []}, at_s=AT_S)
    again = metrics(both, "kvm", facts={"hosts": [host("x")], "domains": []}, at_s=AT_S)
    assert again == both
    clusters = {
        s.labels["cluster"]
        for family in parser.text_string_to_metric_families(both)
        for s in family.samples
    }
    assert clusters == {'a "b"\\\n', "kvm"}
    moved = [line for line in both.splitlines() if 'outcome="moved"' in line]
    assert [line.split()[-1] for line in moved] == ["1", "0"]


@pytest.mark.parametrize(
    "text",
    ["", "\0\0", "drover_vms{cluster=", 'drover_vms{cluster="kvm"} NaN', "x 1\n" * 10, "# EOF"],
)
def test_a_damaged_file_begins_again(text: str) -> None:
    """And foreign lines do not stay."""
    assert metrics(text, "kvm", outcomes=[outcome("moved")]) == metrics(
        "", "kvm", outcomes=[outcome("moved")]
    )


@pytest.mark.skipif(not shutil.which("promtool"), reason="needs Debian's package prometheus")
def test_the_textfile_collector_reads_it() -> None:
    """The older text format, which node_exporter takes, knows these lines as well."""
    text = metrics("", "kvm", facts=facts(), at_s=AT_S, outcomes=[outcome("moved", 5)])
    done = subprocess.run(
        ["promtool", "check", "metrics"],
        input=text,
        text=True,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert "error while linting" not in done.stderr
    assert done.returncode in (0, 3), done.stderr
