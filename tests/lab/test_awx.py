# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The project for AWX under ansible-runner: artifacts, approval in two jobs, cancellation and resumption."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.lab import faults
from tests.lab.awx_job import Job
from tests.lab.controller import Executor, until
from tests.lab.lab import Lab

pytestmark = pytest.mark.lab

APPROVED: dict[str, Any] = {"drover_hosts": "kvm2", "drover_approved": True}
LARGEST_RESULT = 700_000


@pytest.fixture
def lab(blank_cluster: Lab) -> Lab:
    """The cluster that AWX's jobs are for."""
    return blank_cluster


def places(lab: Lab) -> dict[str, list[str]]:
    """Return the hosts that know each VM."""
    return {name: [place.host for place in where] for name, where in lab.guests().items()}


def planned(lab: Lab, folder: Path) -> Job:
    """Return the job that made a plan to empty kvm2, and moved nothing."""
    before = places(lab)
    job = Job(lab, "evacuate", folder, {"drover_hosts": "kvm2"}, "--check").wait()
    assert job.code == 0, job.output
    assert places(lab) == before
    return job


def test_the_plan_that_was_approved_is_carried_out_by_another_job(lab: Lab, tmp_path: Path) -> None:
    """The second job gets the artifacts of the first and nothing else; every other plan is refused."""
    for name in ("vm1", "vm2"):
        lab.start_guest(name, "kvm2", autostart=True)
    plan = planned(lab, tmp_path / "plan")
    left = plan.artifacts
    assert {name for name in left if not name.startswith("drover_")} == set()
    assert left["drover_plan_migrations"] == 2
    assert "vm1" in left["drover_plan_summary"]
    assert left["drover_closing"].startswith("Nothing was changed")

    for name, wrong, words in (
        ("none", {"drover_plan": ""}, "there is none"),
        ("digest", {"drover_plan_digest": "0" * 64}, "The plan that was approved has the digest"),
    ):
        refused = Job(lab, "evacuate", tmp_path / name, {**left, **APPROVED, **wrong}).wait()
        assert refused.code != 0
        assert words in refused.sentence, refused.output
    assert places(lab) == {"vm1": ["kvm2"], "vm2": ["kvm2"]}

    applied = Job(lab, "evacuate", tmp_path / "apply", {**left, **APPROVED}).wait()
    assert applied.code == 0, applied.output
    assert all(where != ["kvm2"] for where in places(lab).values())
    assert applied.artifacts["drover_plan_digest"] == left["drover_plan_digest"]
    assert "kvm2 is empty" in applied.artifacts["drover_closing"]
    for job in (plan, applied):
        sizes = [len(json.dumps(event["event_data"].get("res", {}))) for event in job.events()]
        assert max(sizes) < LARGEST_RESULT

    again = Job(lab, "evacuate", tmp_path / "again", {**left, **APPROVED}).wait()
    assert "The cluster has changed since this plan was made" in again.sentence, again.output
    # What is left of an earlier job does not get in the way of a run that needs no approval.
    restored = Job(lab, "restore", tmp_path / "restore", {**left, "drover_hosts": "kvm2"}).wait()
    assert restored.code == 0, restored.output
    assert places(lab) == {"vm1": ["kvm2"], "vm2": ["kvm2"]}


def test_a_cancelled_job_is_launched_again(lab: Lab, tmp_path: Path) -> None:
    """SIGKILL in the middle of a migration; the next job settles and finishes, and lines come all the while."""
    lab.start_guest("vm1", "kvm2", autostart=True, memory_mib=192, fill_mib=96)
    faults.limit_bandwidth(lab.hosts["kvm2"], 80.0)
    asked = {"drover_hosts": "kvm2", "drover_heartbeat_timeout": 5}
    job = Job(lab, "evacuate", tmp_path / "killed", asked)
    executor = Executor(lab.hosts["kvm1"])
    until(lambda: any(event["percent"] > 0 for event in executor.events("progress")))
    job.cancel()
    faults.unlimit_bandwidth(lab.hosts["kvm2"])
    again = Job(lab, "evacuate", tmp_path / "again", asked).wait()
    assert again.code == 0, again.output
    assert all(len(where) == 1 and where != ["kvm2"] for where in places(lab).values())


def test_jobs_that_see_a_part_of_the_cluster_are_refused(lab: Lab, tmp_path: Path) -> None:
    """A limit, and with it a slice of a sliced job, which AWX makes as a limit of hosts."""
    lab.start_guest("vm1", "kvm2")
    job = Job(lab, "balance", tmp_path / "limit", options="--limit localhost,kvm1,kvm2").wait()
    assert job.code != 0
    assert "a plan needs the facts of the whole cluster" in job.sentence, job.output


@pytest.mark.parametrize("playbook", ["preflight", "status", "balance"])
def test_a_playbook_without_a_survey_runs(lab: Lab, tmp_path: Path, playbook: str) -> None:
    """And leaves its closing line as an artifact."""
    lab.start_guest("vm1", "kvm1")
    job = Job(lab, playbook, tmp_path / playbook).wait()
    assert job.code == 0, job.output
    if playbook != "preflight":
        assert job.artifacts["drover_closing"]
