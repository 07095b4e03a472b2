# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Follows a detached executor through its journal, over whatever runs commands on its host.

Every look at the journal is also the controller's sign of life.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

import json
import shlex
import typing as t
from dataclasses import dataclass

# Runs a shell command on the coordinator; returns exit code and standard output.
RunCommand = t.Callable[[str], tuple[int, str]]

# The process is looked at before the journal: what a process that is gone has written is then read
# completely. It is the executor only if it is of the same boot and was started at the same moment
# (fields 3 and 22 of /proc/PID/stat are its state and its start). Ansible appends to the command, so
# it must not end with a new line.
_LOOK = """\
cd {folder} 2>/dev/null && [ -s process ] || {{ echo absent; exit 0; }}
touch heartbeat
read -r pid started boot < process
set -- $(sed 's/.*) //' /proc/"$pid"/stat 2>/dev/null)
if [ "$boot" = "$(cat /proc/sys/kernel/random/boot_id)" ] && [ "${{20}}" = "$started" ] \
  && [ "$1" != Z ] && [ "$1" != X ]; then echo alive; else echo gone; fi
tail -c +{position} journal.jsonl 2>/dev/null || true"""


@dataclass(frozen=True)
class Look:
    """What one look found.

    Parameters
    ----------
    executor : str
        V(absent) before it made its folder, V(alive), or V(gone) when its process has ended.
    events : list of dict
        What it wrote since the last look.
    """

    executor: str
    events: list[dict[str, t.Any]]

    @property
    def ended(self) -> bool:
        """Whether the executor wrote that it came to its end."""
        return any(event["event"] == "execution_ended" for event in self.events)


class Follower:
    """Reads an execution's journal from where it stopped reading.

    Parameters
    ----------
    folder : str
        The execution's folder on the coordinator.
    run_command : callable
        Runs a shell command there.
    """

    def __init__(self, folder: str, run_command: RunCommand) -> None:
        self._folder = shlex.quote(folder)
        self._run_command = run_command
        self._offset = 0

    def look(self) -> Look:
        """Say that the controller is alive and return what is new.

        Raises
        ------
        ConnectionError
            The command could not be run.
        """
        code, output = self._run_command(
            _LOOK.format(folder=self._folder, position=self._offset + 1)
        )
        if code != 0:
            raise ConnectionError(
                f"the coordinator answered with exit code {code}: {output.strip()[:200]}"
            )
        # Over a connection with a terminal each line ends with CR LF, which are not in the file.
        executor, _newline, journal = output.replace("\r\n", "\n").partition("\n")
        return Look(executor.strip(), self._complete_lines(journal))

    def _complete_lines(self, journal: str) -> list[dict[str, t.Any]]:
        complete = journal[: journal.rfind("\n") + 1]
        self._offset += len(complete.encode())
        return [event for event in map(_event, complete.splitlines()) if event]

    def ask_to_stop(self) -> None:
        """Ask the executor to start nothing more; what runs is left to end."""
        self._run_command(f"touch {self._folder}/stop")


def _event(line: str) -> dict[str, t.Any] | None:
    """Return the event of a line; none for one that a crash cut short."""
    try:
        event: dict[str, t.Any] = json.loads(line)
    except ValueError:
        return None
    return event
