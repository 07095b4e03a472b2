# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the pictures in docs/pictures of a lab of real hosts: an evacuation as it was seen at a terminal, and the
pages that playbooks wrote, opened in Chromium."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts.terminal import fullest_screen, last_screen, record, svg
from tests.lab.lab import Lab
from tests.lab.playbook import ROOT, environment, run_playbook
from tests.page.browser import Browser

LAB = "pictures"
PICTURES = ROOT / "docs" / "pictures"
DROVER = Path(sys.executable).with_name("drover")
BAR = "━"
# Name, host, memory in MiB, and MiB that it rewrites each second.
VMS = (
    ("web1", "kvm2", 512, 1), ("web2", "kvm2", 512, 0), ("db1", "kvm2", 1024, 2), ("mail1", "kvm2", 256, 0),
    ("build1", "kvm2", 768, 1), ("cache1", "kvm2", 256, 0), ("web3", "kvm1", 512, 0), ("db2", "kvm3", 1024, 1),
    ("mail2", "kvm4", 256, 0), ("web4", "kvm4", 512, 0),
)  # fmt: skip


def main() -> int:
    """Return 0 when all pictures are made."""
    lab = Lab.up(LAB, 4, reuse=False)
    try:
        for name, host, memory_mib, dirty_mib_s in VMS:
            lab.start_guest(
                name,
                host,
                memory_mib=memory_mib,
                fill_mib=memory_mib // 4,
                dirty_mib_s=dirty_mib_s,
            )
        with tempfile.TemporaryDirectory() as folder:
            plan, cluster = Path(folder) / "plan.html", Path(folder) / "cluster.html"
            _evacuate(lab, "kvm2", plan)
            _write(lab, cluster, "drover.libvirt.status")
            _take(plan, cluster)
    finally:
        lab.down()
    return 0


def _evacuate(lab: Lab, host: str, page: Path) -> None:
    """Empty a host at a terminal, and keep what stood there in the middle and at the end."""
    inventory = lab.inventory_path
    command = [str(DROVER), "run", "evacuate", host, "-i", inventory.name, "--report", str(page)]
    seen = record(command, _at_a_terminal(), str(inventory.parent))
    text = b"".join(seen.parts).decode(errors="replace")
    if seen.code:
        raise SystemExit(text)
    title = f"drover run evacuate {host}"
    PICTURES.mkdir(parents=True, exist_ok=True)
    _keep("evacuate-running.svg", svg(fullest_screen(seen.parts, BAR), title))
    _keep("evacuate-done.svg", svg(last_screen(seen.parts), title))


def _at_a_terminal() -> dict[str, str]:
    plain = {name: value for name, value in environment().items() if name != "ANSIBLE_NOCOLOR"}
    return {**plain, "TERM": "xterm", "PATH": f"{DROVER.parent}:{os.environ['PATH']}"}


def _keep(name: str, picture: str) -> None:
    (PICTURES / name).write_text(picture, encoding="utf-8")


def _write(lab: Lab, page: Path, playbook: str, *arguments: str) -> None:
    done = run_playbook(lab, playbook, *arguments, "-e", f"drover_report={page}")
    if done.code:
        raise SystemExit(done.output)


def _take(plan: Path, cluster: Path) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    with Browser.started() as browser:
        for page in (plan, cluster):
            for dark in (False, True):
                browser.show(1280, 900, dark=dark)
                browser.open(page)
                browser.picture(
                    PICTURES / f"{page.stem}-{'dark' if dark else 'light'}.png", whole=True
                )


if __name__ == "__main__":
    sys.exit(main())
