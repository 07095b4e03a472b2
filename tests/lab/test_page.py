# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages that playbooks write: of a plan, of what became of it, and of the cluster."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lab.lab import Lab
from tests.lab.playbook import run_playbook
from tests.unit.planner.page.reading import Element, parsed

pytestmark = pytest.mark.lab


def read(path: Path) -> Element:
    """Return a page that a playbook wrote for its owner alone."""
    assert path.stat().st_mode & 0o777 == 0o600
    return parsed(path.read_text(encoding="utf-8"))


def test_pages_of_an_evacuation(blank_cluster: Lab, tmp_path: Path) -> None:
    """A check run shows the plan; the run shows each VM's outcome and its real time; the status shows the execution."""
    lab, page = blank_cluster, tmp_path / "page.html"
    for name in ("vm1", "vm2"):
        lab.start_guest(name, "kvm2")
    ask = ("drover.libvirt.evacuate", "-e", "drover_hosts=kvm2", "-e", f"drover_report={page}")

    looked = run_playbook(lab, *ask, "--check")
    assert looked.code == 0, looked.output
    planned = read(page)
    assert sorted(row[1] for row in planned.one("step-table").rows()) == ["vm1", "vm2"]
    assert "Nothing has run yet." in planned.one("time").text

    done = run_playbook(lab, *ask)
    assert done.code == 0, done.output
    found = read(page)
    assert "2 moved" in found.one("outcome").text
    real = [rect for rect in found.one("time").all("rect") if "real" in rect.attributes["class"]]
    assert [rect.attributes["class"] for rect in real] == ["real good", "real good"]
    assert all(float(rect.attributes["width"].rstrip("%")) > 0 for rect in real)

    status = run_playbook(lab, "drover.libvirt.status", "-e", f"drover_report={page}")
    assert status.code == 0, status.output
    cluster = read(page)
    assert [row[1:4] for row in cluster.one("executions").rows()] == [
        ["moved all", "evacuate kvm2", "2 of 2"]
    ]
    assert "kvm2 maintenance" in [row[0] for row in cluster.one("host-table").rows()]


def test_a_page_that_cannot_be_written_stops_before_anything_moves(
    blank_cluster: Lab, tmp_path: Path
) -> None:
    """The sentence names the file."""
    lab, page = blank_cluster, tmp_path / "nowhere" / "page.html"
    lab.start_guest("vm1", "kvm2")
    run = run_playbook(
        lab, "drover.libvirt.evacuate", "-e", "drover_hosts=kvm2", "-e", f"drover_report={page}"
    )
    assert run.code != 0
    assert f"Cannot write {page}: No such file or directory." in run.output
    assert [place.host for place in lab.where("vm1")] == ["kvm2"]
