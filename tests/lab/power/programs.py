# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands in for systemctl in a lab host, whose pid 1 is not systemd.

``systemctl poweroff``, ``poweroff`` and ``shutdown`` (its links) take the host down as on a real one: they
return at once, the guests get their chance, then everything ends. Units are what a file lists, one a line.
"""

from __future__ import annotations

from pathlib import Path

from tests.lab import mounts

#: The units that a host says are active.
UNITS = Path("/etc/drover-lab/units")
_SYSTEMCTL = Path("/usr/bin/systemctl")
_SCRIPT = f"""\
#!/bin/sh
# The lab's stand-in for systemctl, shutdown and poweroff.
units() {{ [ ! -e {UNITS} ] || sed '/^$/d' {UNITS}; }}
case ${{0##*/}} in
  systemctl) verb=; for word; do case $word in -*) ;; *) verb=$word; break;; esac; done;;
  *) verb=poweroff; for word; do [ "$word" != -r ] || verb=reboot; [ "$word" != -c ] || exit 0; done;;
esac
case $verb in
  poweroff|halt) kill -TERM 1;;
  list-units) units | while read -r unit; do echo "$unit loaded active running $unit"; done;;
  is-active) for word; do case $word in -*|is-active) ;; *)
      units | grep -qx "$word\\|$word.service" && {{ echo active; exit 0; }};; esac; done
    echo inactive; exit 3;;
  is-system-running) echo running;;
  *) echo "the lab's systemctl cannot $verb" >&2; exit 1;;
esac
"""


def install(directory: Path) -> None:
    """Put it in the place of systemctl in this host; its links shutdown and poweroff follow."""
    script = directory / "systemctl"
    script.write_text(_SCRIPT)
    script.chmod(0o755)
    mounts.bind(script, _SYSTEMCTL)
