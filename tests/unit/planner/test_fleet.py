# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many clusters over executors: local processes, and a real Dask cluster on this machine."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from planner.commands.drover import main
from planner.errors import InputError, MissingLibrary, PlanningError
from planner.fleet.dispatch import plan_all
from planner.fleet.executors import dask, opener, processes
from planner.fleet.folder import clusters_among
from planner.fleet.work import ClusterOutcome, ClusterTask, plan_cluster
from planner.pipeline import make_plan
from tests.unit.planner.builders import cluster, evacuation

EASY = cluster(a={"x": 100, "y": 200}, b={"z": 300}, c={})
FULL = cluster(a={"x": 900}, b={"z": 900})


class Deadly(dict[str, Any]):
    """Facts that end the process that reads them."""

    def __reduce__(self) -> tuple[type[Deadly], tuple[dict[str, Any]]]:
        return Deadly, ({**self},)  # pickling would look at the items otherwise

    def items(self) -> Any:
        """Die."""
        os._exit(9)


def task(name: str, facts: Any = EASY) -> ClusterTask:
    """Return the task to empty host a."""
    return ClusterTask(name=name, facts=facts, policy=None, goal=evacuation("a"))


def fleet(folder: Path, out: Path, *more: str) -> int:
    """Run the command with one process; return its exit code."""
    return main(
        ["fleet", str(folder), "--goal", "balance", "--out", str(out), "--workers", "1", *more]
    )


def states(outcomes: Iterator[ClusterOutcome]) -> dict[str, str]:
    """Return what became of each cluster."""
    return {outcome.name: outcome.state for outcome in outcomes}


def write(folder: Path, **documents: Any) -> None:
    """Write documents: ``a`` is a.json, ``a_goal`` is a.goal.json."""
    folder.mkdir()
    for name, document in documents.items():
        (folder / f"{name.replace('_', '.')}.json").write_text(json.dumps(document))


def test_a_worker_returns_the_plan_of_the_pipeline() -> None:
    """A fleet's plan of a cluster is the plan that `drover plan` makes."""
    assert plan_cluster(task("one")).plan == make_plan(EASY, None, evacuation("a"))


@pytest.mark.parametrize(
    ("facts", "state"), [(FULL, "infeasible"), ({"hosts": []}, "bad input"), (7, "bad input")]
)
def test_an_error_is_an_outcome(facts: Any, state: str) -> None:
    """Whatever is wrong with one cluster is told, not raised."""
    outcome = plan_cluster(task("one", facts))
    assert (outcome.state, outcome.plan) == (state, None)
    assert outcome.message


def test_any_executor_will_do() -> None:
    """Only the interface of concurrent.futures is used."""
    outcomes = plan_all(
        [task("a"), task("b", FULL)], lambda: ThreadPoolExecutor(2), lambda: ThreadPoolExecutor(1)
    )
    assert states(outcomes) == {"a": "planned", "b": "infeasible"}


class Blaming(ThreadPoolExecutor):
    """An executor that blames every task for the death of one worker, as Dask may do."""

    def submit(self, *_call: Any, **_named: Any) -> Future[Any]:  # type: ignore[override]
        """Fail."""
        future: Future[Any] = Future()
        future.set_exception(RuntimeError("KilledWorker"))
        return future


def test_a_task_blamed_for_another_is_planned_again() -> None:
    """An error of the executor's own is no verdict on a cluster (a defect once, seen with Dask)."""
    found = states(plan_all([task("a")], lambda: Blaming(1), lambda: ThreadPoolExecutor(1)))
    assert found == {"a": "planned"}


def test_a_process_that_dies_hides_no_plan() -> None:
    """The cluster that kills its process is named; all others have their plans, although the pool broke."""
    tasks = [task("a"), task("deadly", Deadly(hosts=[])), task("b"), task("c", FULL)]
    found = states(plan_all(tasks, lambda: processes(2), lambda: processes(1)))
    assert found == {"a": "planned", "b": "planned", "c": "infeasible", "deadly": "fault"}


def test_what_belongs_together() -> None:
    """Policy and goal stand beside the facts, by name; other files are no clusters."""
    found = clusters_among(
        ["paris.json", "paris.policy.yml", "rome.yml", "rome.goal.yaml", "README.md"]
    )
    assert [(c.name, c.facts, c.policy, c.goal) for c in found] == [
        ("paris", "paris.json", "paris.policy.yml", None),
        ("rome", "rome.yml", None, "rome.goal.yaml"),
    ]


def test_the_command_writes_every_plan_it_can(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 3 and a table say which cluster has no plan; the others' files are there, an old one of it is not."""
    goal, out = evacuation("a"), tmp_path / "out"
    write(
        tmp_path / "in",
        good=EASY,
        good_goal=goal,
        full=FULL,
        full_goal=goal,
        bad={},
        bad_policy={"spare_hosts": -1},
    )
    out.mkdir()
    (out / "full.plan.json").write_text("{}")
    assert fleet(tmp_path / "in", out) == 3
    captured = capsys.readouterr()
    assert captured.err == "drover: 2 of 3 clusters have no plan: bad, full.\n"
    assert [line.split()[0] for line in captured.out.splitlines()] == [
        "cluster",
        "bad",
        "full",
        "good",
    ]
    assert sorted(path.name for path in out.iterdir()) == ["good.plan.json", "summary.json"]
    assert json.loads((out / "good.plan.json").read_text())["goal"] == "evacuate"
    summary = json.loads((out / "summary.json").read_text())["clusters"]
    assert [entry["state"] for entry in summary] == ["bad input", "infeasible", "planned"]


def test_the_command_succeeds(tmp_path: Path) -> None:
    """Exit code 0 where every cluster has a plan; the goal of the command is for those without their own."""
    write(tmp_path / "in", good=EASY)
    assert fleet(tmp_path / "in", tmp_path / "o") == 0
    assert json.loads((tmp_path / "o" / "good.plan.json").read_text())["goal"] == "balance"


def test_the_command_tells_all_clusters_what_time_it_is(tmp_path: Path) -> None:
    """A policy with windows needs the time: the clock's, or the one that is told."""
    closed = {"limits": {"windows": [{"start": "22:00", "end": "05:00"}]}}
    write(tmp_path / "in", good=EASY, good_policy=closed, good_goal=evacuation("a"))
    for time, code in (("23:00", 0), ("12:00", 3)):
        now = f"2026-11-24T{time}:00+01:00"
        assert fleet(tmp_path / "in", tmp_path / "o", "--now", now) == code


def test_a_broken_file_is_one_cluster_s_fault(tmp_path: Path) -> None:
    """A facts file that is no JSON does not keep the others from their plans."""
    write(tmp_path / "in", good=EASY)
    (tmp_path / "in" / "broken.json").write_text("{")
    assert fleet(tmp_path / "in", tmp_path / "o") == 3
    assert (tmp_path / "o" / "good.plan.json").exists()


@pytest.mark.parametrize("name", ["", "dask://", "slurm://x"])
def test_unknown_executors_are_refused(name: str) -> None:
    """An executor that does not exist is bad input, with the names of those that do."""
    with pytest.raises(InputError, match="name local or dask://HOST:PORT"):
        opener(name, None)


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    """Run a Dask cluster of two processes on this machine; return its address."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=2, processes=True, host="127.0.0.1", dashboard_address=None
    ) as found:
        yield found.scheduler_address.removeprefix("tcp://")


def test_dask_plans_like_everybody_else(scheduler: str, tmp_path: Path) -> None:
    """The plans of a Dask cluster are, byte for byte, those of local processes."""
    write(
        tmp_path / "in",
        one=EASY,
        one_goal=evacuation("a"),
        two=EASY,
        three=cluster(a={"x": 500, "y": 400}, b={}),
    )
    for name, where in (("local", "local"), ("dask", f"dask://{scheduler}")):
        told = ("--executor", where, "--now", "2026-11-24T22:00+00:00")
        assert fleet(tmp_path / "in", tmp_path / name, *told) == 0
    for name in ("one", "two", "three"):
        texts = {
            (tmp_path / where / f"{name}.plan.json").read_bytes() for where in ("local", "dask")
        }
        assert len(texts) == 1


def test_dask_survives_a_worker_that_dies(scheduler: str) -> None:
    """A cluster that kills Dask's workers is named at last; the others have their plans."""

    def single() -> Executor:
        return processes(1)

    found = states(
        plan_all(
            [task("a"), task("deadly", Deadly(hosts=[])), task("b")],
            lambda: dask(scheduler),
            single,
        )
    )
    assert found == {"a": "planned", "b": "planned", "deadly": "fault"}


def test_a_scheduler_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """No scheduler at the address is one sentence."""
    pytest.importorskip("distributed")
    monkeypatch.setattr("planner.fleet.executors.CONNECT_S", 0.5)
    with pytest.raises(PlanningError, match=r"No Dask scheduler answers at 127\.0\.0\.1:1 "):
        dask("127.0.0.1:1")


def test_dask_is_optional(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Dask the command says what to install, before any cluster is read."""
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    with pytest.raises(MissingLibrary, match="pip install distributed"):
        opener("dask://127.0.0.1:8786", None)
