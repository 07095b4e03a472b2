# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A job of AWX without AWX: ansible-runner on the project in extensions/awx, with artifacts as extra variables."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.lab.controller import kill_tree
from tests.lab.lab import Lab
from tests.lab.playbook import ROOT, environment

PROJECT = ROOT / "extensions" / "awx"
RUNNER = Path(sys.executable).with_name("ansible-runner")


class Job:
    """A job with a private data directory of its own, as each pod of AWX has one.

    Parameters
    ----------
    lab, playbook
        The cluster, and the name of a playbook of the project.
    folder
        A folder that no other job uses.
    variables
        Extra variables.
    options
        More words for ansible-playbook.
    """

    def __init__(
        self,
        lab: Lab,
        playbook: str,
        folder: Path,
        variables: Mapping[str, Any] | None = None,
        options: str = "",
    ) -> None:
        self._folder = folder
        shutil.copytree(PROJECT, folder / "project")
        for name in ("env", "inventory"):
            (folder / name).mkdir()
        shutil.copy(lab.inventory_path, folder / "inventory")
        (folder / "env" / "extravars").write_text(json.dumps(dict(variables or {})))
        words = [
            str(RUNNER), "run", str(folder), "-p", f"playbooks/{playbook}.yml", "-i", "job", "-q",
            *((f"--cmdline={options}",) if options else ()),
        ]  # fmt: skip
        self.process = subprocess.Popen(
            words,
            env={
                **environment(),
                "PATH": f"{RUNNER.parent}:{environment()['PATH']}",
                "MAX_EVENT_RES": "700000",  # as AWX sets it
            },
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def wait(self, timeout_s: float = 240.0) -> Job:
        """Wait for its end."""
        self.process.wait(timeout_s)
        return self

    def cancel(self) -> None:
        """Kill it and all that it started with SIGKILL, as AWX does."""
        kill_tree(self.process.pid)
        self.process.wait(30)

    @property
    def code(self) -> int:
        """The exit code that AWX judges it by."""
        return int((self._folder / "artifacts" / "job" / "rc").read_text())

    @property
    def output(self) -> str:
        """What AWX shows."""
        return (self._folder / "artifacts" / "job" / "stdout").read_text()

    def events(self, kind: str = "") -> Iterator[dict[str, Any]]:
        """Yield its events in order, of one kind or all."""
        found = (self._folder / "artifacts" / "job" / "job_events").glob("[0-9]*-*[!l].json")
        for path in sorted(found, key=lambda path: int(path.name.partition("-")[0])):
            event = json.loads(path.read_text())
            if kind in ("", event["event"]):
                yield event

    @property
    def artifacts(self) -> dict[str, Any]:
        """What AWX hands on to the later jobs of a workflow."""
        [stats] = self.events("playbook_on_stats")
        return dict(stats["event_data"]["artifact_data"])

    @property
    def sentence(self) -> str:
        """Why it failed."""
        failed = [event["event_data"]["res"] for event in self.events("runner_on_failed")]
        return str(failed[-1].get("msg", "")) if failed else ""
