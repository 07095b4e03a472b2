# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The file of metrics on the controller."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

from ansible_collections.drover.libvirt.plugins.plugin_utils._answers import Answers
from ansible_collections.drover.libvirt.plugins.plugin_utils._metrics import keep_metrics

MOVED = [{"outcome": "moved", "downtime_ms": 12.0}]


def answers(path: Any) -> Answers:
    """Return the variables of a cluster of one host."""
    return Answers(
        {"groups": {"kvm": ["kvm1"]}, "hostvars": {"kvm1": {"drover_metrics_file": path}}}, {}
    )


def test_it_is_readable_for_the_exporter_and_whole(tmp_path: Path) -> None:
    """Nothing but the file itself is left in the exporter's folder."""
    path = tmp_path / "drover.prom"
    assert keep_metrics(answers(str(path)), "kvm", outcomes=MOVED) == []
    assert path.stat().st_mode & 0o777 == 0o644
    assert path.read_text().endswith("# EOF\n")
    assert [one.name for one in tmp_path.iterdir()] == ["drover.prom"]


def test_runs_at_once_lose_no_count(tmp_path: Path) -> None:
    """Each waits for the others."""
    path = tmp_path / "drover.prom"
    runs = [
        threading.Thread(
            target=keep_metrics, args=(answers(str(path)), "kvm"), kwargs={"outcomes": MOVED}
        )
        for _run in range(8)
    ]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert 'outcome="moved"} 8' in path.read_text()


def test_without_a_file_nothing_is_written() -> None:
    """Nor where the group has no hosts."""
    assert keep_metrics(answers(None), "kvm", outcomes=MOVED) == []
    assert keep_metrics(answers("/x"), "none", outcomes=MOVED) == []


def test_a_file_that_cannot_be_written_is_a_warning(tmp_path: Path) -> None:
    """With its path and the reason; no run fails for it."""
    [warning] = keep_metrics(answers(str(tmp_path / "no" / "x.prom")), "kvm", outcomes=MOVED)
    assert "no/x.prom: No such file or directory." in warning
    [warning] = keep_metrics(answers("drover.prom"), "kvm", outcomes=MOVED)
    assert "must be the absolute path" in warning
    [warning] = keep_metrics(answers({"a": 1}), "kvm", outcomes=MOVED)
    assert "must be the absolute path" in warning


def test_a_pipe_in_the_place_of_the_file_is_a_warning(tmp_path: Path) -> None:
    """A run waited for ever for somebody who writes to it, and kept all others on the controller waiting."""
    path = tmp_path / "drover.prom"
    os.mkfifo(path)
    [warning] = keep_metrics(answers(str(path)), "kvm", outcomes=MOVED)
    assert "drover.prom: it is not a regular file." in warning
