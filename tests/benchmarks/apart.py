# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Planners from PyPI, each in an environment of its own (``scripts/setup peers``), away from our libraries."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.measure import ROOT, Measurement, run

Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """A package in its environment, and the script that asks it.

    The script takes the file of the facts, the file for the placement, and more
    arguments; when it finds no placement, it writes none.
    """

    package: str
    script: str

    @property
    def _python(self) -> Path:
        return ROOT / ".venv-peers" / self.package / "bin" / "python"

    def available(self) -> bool:
        """Tell whether its environment has been made."""
        return self._python.exists()

    def ask(
        self, facts: Facts, folder: Path, limit_s: float, *more: str
    ) -> tuple[Measurement, dict[str, str]]:
        """Run the script; return what it took and the placement."""
        written, found = folder / "facts.json", folder / "placement.json"
        written.write_text(json.dumps(facts), encoding="utf-8")
        script = ROOT / "tests" / "benchmarks" / self.script
        measured = run([str(self._python), str(script), str(written), str(found), *more], limit_s)
        return measured, json.loads(found.read_text(encoding="utf-8")) if found.exists() else {}


PROXLB = Apart(package="proxlb-solver", script="by_proxlb.py")
WATCHER = Apart(package="python-watcher", script="by_watcher.py")
