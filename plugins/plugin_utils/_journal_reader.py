# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Follows a detached executor through its journal, over whatever runs commands on its host.

Every look at the journal is also the controller's sign of life, unless somebody only watches.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

import shlex
import typing as t
from dataclasses import dataclass

from ..module_utils._execution.events import read_event
from ..module_utils._execution.process import parse_mark

# Runs a shell command on the coordinator; returns exit code and standard output.
RunCommand = t.Callable[[str], tuple[int, str]]

# The process is looked at before the journal: what a process that is gone has written is then read
# completely. It is the executor only if it is of the same boot and was started at the same moment
# (fields 3 and 22 of /proc/PID/stat are its state and its start). Where the folder is seen no more, the process that
# was read there before is looked for. Ansible appends to the command, so it must not end with a new line.
# Before all that it waits for news, at most a second: tail is told by the kernel when the journal grows, and ends when
# nobody reads it any more. Where it cannot do that, a look takes the whole second.
_LOOK = """\
cd {folder} 2>/dev/null && timeout {patience_s} sh -c \
  'tail -c +{position} -f journal.jsonl 2>/dev/null | head -c 1 >/dev/null' </dev/null
cd {folder} 2>/dev/null && [ -s process ] && {{ {sign_of_life}; read -r pid started boot < process; }}
[ -n "$pid" ] || {{ read -r pid started boot <<'END'
{known}
END
hidden=1; }}
[ -n "$pid" ] || {{ echo absent; exit 0; }}
set -- "$pid" "$started" "$boot" $(sed 's/.*) //' /proc/"$pid"/stat 2>/dev/null)
if [ "$boot" = "$(cat /proc/sys/kernel/random/boot_id)" ] && [ "${{23}}" = "$started" ] \
  && [ "$4" != Z ] && [ "$4" != X ]; then echo alive "$1" "$2" "$3"; else echo gone "$1" "$2" "$3"; fi
[ -n "$hidden" ] || tail -c +{position} journal.jsonl 2>/dev/null || true"""


@dataclass(frozen=True)
class Look:
    """What one look found.

    Parameters
    ----------
    executor : str
        V(absent) before it made its folder, V(alive), or V(gone) when its process has ended, whether its folder can
        still be seen or not.
    events : list of dict
        What it wrote since the last look.
    """

    executor: str
    events: list[dict[str, t.Any]]

    @property
    def ended(self) -> bool:
        """Whether the executor wrote that it came to its end."""
        return any(event["event"] == "execution_ended" for event in self.events)


class JournalReader:
    """Reads an execution's journal from where it stopped reading.

    Parameters
    ----------
    folder : str
        The execution's folder on the coordinator.
    run_command : callable
        Runs a shell command there.
    keep_alive : bool
        Whether a look tells the executor that somebody is there.
    patience_s : float
        Seconds that a look waits for something new, at most.
    """

    def __init__(
        self, folder: str, run_command: RunCommand, keep_alive: bool = True, patience_s: float = 1.0
    ) -> None:
        self._folder = shlex.quote(folder)
        self._sign_of_life = "touch heartbeat" if keep_alive else ":"
        self._run_command = run_command
        self._patience_s = patience_s
        self._offset = 0
        self._known = ""

    def look(self) -> Look:
        """Return what is new, and say that the controller is alive where this is to keep the executor going.

        Raises
        ------
        ConnectionError
            The command could not be run.
        """
        code, output = self._run_command(
            _LOOK.format(
                folder=self._folder,
                known=self._known,
                position=self._offset + 1,
                sign_of_life=self._sign_of_life,
                patience_s=self._patience_s,
            )
        )
        if code != 0:
            raise ConnectionError(
                f"the coordinator answered with exit code {code}: {output.strip()[:200]}"
            )
        # Over a connection with a terminal each line ends with CR LF, which are not in the file.
        first, _newline, journal = output.replace("\r\n", "\n").partition("\n")
        executor, _space, process = first.strip().partition(" ")
        mark = parse_mark(process)
        if mark is not None:
            self._known = mark.as_text().strip()
        return Look(executor, self._complete_lines(journal))

    def _complete_lines(self, journal: str) -> list[dict[str, t.Any]]:
        complete = journal[: journal.rfind("\n") + 1]
        # Ansible hands on what is not UTF-8 as surrogates, one a byte; nothing may end the follower.
        self._offset += len(complete.encode(errors="surrogateescape"))
        return [event for event in map(read_event, complete.split("\n")) if event]

    def ask_to_stop(self) -> None:
        """Ask the executor to start nothing more; what runs is left to end."""
        self._run_command(f"touch {self._folder}/stop")
