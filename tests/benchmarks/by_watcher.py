# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask strategies of OpenStack Watcher, in an environment of its own, where nothing of this project is.

``.venv-peers/python-watcher/bin/python tests/benchmarks/by_watcher.py FACTS OUT consolidate|balance`` writes the
placement. A strategy reads Watcher's model of a cloud, which is made here from the facts, and metrics, which here are
what is given out: no service of OpenStack takes part.
"""

from __future__ import annotations

import json
import random
import sys
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from watcher.decision_engine.model.element import ComputeNode, Instance
from watcher.decision_engine.model.model_root import ModelRoot
from watcher.decision_engine.strategy.strategies import (
    NodeResourceConsolidation,
    WorkloadStabilization,
)

METRICS = {"instance_cpu_usage": "host_cpu_usage", "instance_ram_usage": "host_ram_usage"}
THRESHOLD = 0.02
"""Deviation at which its balance ends; 0.1 by default, where it leaves a cluster as it is."""


class Given:
    """A source of metrics that tells what is given out."""

    def __init__(self, model: ModelRoot) -> None:
        self._model = model

    def statistic_aggregation(
        self, resource: Any, kind: str, metric: str, *_period: object
    ) -> float:
        """Return per cent of CPU, MiB of an instance, or KiB of a node."""
        if kind == "instance":
            return float({"instance_cpu_usage": 100, "instance_ram_usage": resource.memory}[metric])
        used = self._model.get_node_used_resources(resource)
        if metric == "host_cpu_usage":
            return float(100 * used["vcpu"] / resource.vcpus)
        return float(1024 * used["memory"])


def cloud(facts: Mapping[str, Any]) -> ModelRoot:
    """Return the cluster as Watcher sees a cloud, all resources hard."""
    model = ModelRoot()
    nodes = {}
    roomy = {"disk": 10**6, "disk_gb_reserved": 0, "disk_ratio": 1.0}
    for host in facts["hosts"]:
        nodes[host["name"]] = node = ComputeNode(
            uuid=host["name"],
            hostname=host["name"],
            vcpus=host["vcpus"],
            vcpu_reserved=0,
            vcpu_ratio=1.0,
            memory=host["memory_mib"],
            memory_mb_reserved=0,
            memory_ratio=1.0,
            state="up",
            status="enabled",
            **roomy,
        )
        model.add_node(node)
    for domain in facts["domains"]:
        instance = Instance(
            uuid=domain["name"],
            name=domain["name"],
            vcpus=domain["vcpus"],
            memory=domain["memory_mib"],
            disk=1,
            state="active",
            watcher_exclude=False,
        )
        model.add_instance(instance)
        model.map_instance(instance, nodes[domain["host"]])
    return model


def offline(strategy: type, model: ModelRoot) -> Any:
    """Return a strategy that asks this model and no service."""
    asked = {
        "compute_model": property(lambda _self: model),
        "datasource_backend": property(lambda _self: Given(model)),
    }
    return type("Offline", (strategy,), asked)(config=None)


def consolidate(model: ModelRoot) -> None:
    """Move VMs off the least used nodes, to destinations of the strategy's choice."""
    strategy = offline(NodeResourceConsolidation, model)
    strategy.host_choice = "specify"
    strategy.do_execute()


def balance(model: ModelRoot) -> None:
    """Even out vCPUs and memory with the strategy's defaults but for the threshold.

    Its choice of destinations is random; its full search fails on a VM that it moves twice.
    """
    random.seed(1)
    strategy = offline(WorkloadStabilization, model)
    strategy.metrics = list(METRICS)
    strategy.instance_metrics = METRICS
    strategy.thresholds = dict.fromkeys(METRICS, THRESHOLD)
    strategy.weights = {f"{metric}_weight": 1.0 for metric in METRICS}
    strategy.host_choice, strategy.retry_count = "retry", 1
    strategy.periods = {"instance": 720, "compute_node": 600}
    strategy.aggregation_method = {"instance": "mean", "compute_node": "mean"}
    strategy.input_parameters = {}
    strategy.do_execute()


GOALS: Mapping[str, Callable[[ModelRoot], None]] = {
    "consolidate": consolidate,
    "balance": balance,
}


def main(facts: str, out: str, goal: str) -> None:
    """Read facts, ask the strategy for the goal, and write the placement."""
    # Names of VMs serve as their UUIDs.
    warnings.simplefilter("ignore", FutureWarning)
    read = json.loads(Path(facts).read_text(encoding="utf-8"))
    model = cloud(read)
    GOALS[goal](model)
    placement = {
        domain["name"]: model.get_node_by_instance_uuid(domain["name"]).uuid
        for domain in read["domains"]
    }
    Path(out).write_text(json.dumps(placement), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
