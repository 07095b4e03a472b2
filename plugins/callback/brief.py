# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A quiet, live view of playbooks."""

from __future__ import annotations

DOCUMENTATION = r"""
name: brief
type: stdout
short_description: Show of a playbook what matters, with live migrations as bars
version_added: 1.0.0
author: The Drover authors (@drover)
description:
  - Shows what is asked of whom, the plan, the outcome and what to do next, and keeps warnings and errors whole.
    The many tasks of Drover that go well are not told.
  - On a terminal, what is under way stands in the last lines, with a bar for each live migration, drawn by the Python
    library C(rich). Without that library, and where there is no terminal (AWX, cron, pipes), there are plain lines, at
    least one a minute while something takes long.
  - Tasks of the operator's own, for instance those of a rolling maintenance, are told with what became of them on each
    host.
  - C(-v) adds a line for each task and host, C(-vv) all that a task returned.
  - Results with C(no_log) are never shown.
requirements:
  - set as stdout callback in configuration, or with E(ANSIBLE_STDOUT_CALLBACK)
  - the Python library C(rich), for bars
extends_documentation_fragment:
  - result_format_callback
"""

import atexit
import contextlib
import os
import sys
import time
import typing as t
from pathlib import Path

from ansible import constants as C  # noqa: N812 - as all of Ansible calls it
from ansible import context
from ansible.playbook.task_include import TaskInclude
from ansible.plugins.callback import CallbackBase
from ansible.utils.color import ANSIBLE_COLOR

from ..plugin_utils._bars import HAS_RICH, Bars
from ..plugin_utils._brief_view import View
from ..plugin_utils._brief_words import counts, failure, items, message, recap, status
from ..plugin_utils._live import close_channel, open_channel
from ..plugin_utils._planner import duration, headline, visible

_COLLECTION = Path(__file__).resolve().parents[2]
_OURS = tuple(f"{_COLLECTION / folder}{os.sep}" for folder in ("playbooks", "roles"))
# Their prompts need the last line of the terminal for themselves.
_ASKING = ("pause", "ansible.builtin.pause", "ansible.legacy.pause")
_CLOSING = "drover.libvirt.closing"


def _path(thing: t.Any) -> str:
    """Return the file that a task or a play comes from."""
    with contextlib.suppress(Exception):
        return os.path.realpath(str(thing.get_path() or "").rpartition(":")[0])
    return ""


def _is_ours(thing: t.Any) -> bool:
    return _path(thing).startswith(_OURS)


def _title(task: t.Any) -> str:
    """Return what a task is called, without the role that it stands in."""
    title = str(task.get_name()).strip().rpartition(" : ")[2]
    return (
        "Check the options" if title.startswith("Validating arguments against arg spec") else title
    )


class CallbackModule(CallbackBase):  # type: ignore[misc]
    """Turns Ansible's events into what is shown."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "drover.libvirt.brief"

    def __init__(self) -> None:
        super().__init__()
        self._began_s = time.time()
        self._view: View | None = None
        self._told_headlines: set[str] = set()
        self._told: set[tuple[str, str]] = set()
        self._titles: dict[str, str] = {}
        self._closings: list[str] = []
        self._has_own_tasks = False

    # What begins.

    def v2_playbook_on_start(self, playbook: t.Any) -> None:
        if self._view:
            return
        lock = self._display._lock
        terminal = sys.stdout if self._draws() else None
        bars = Bars(colour=bool(ANSIBLE_COLOR)) if terminal else None
        self._view = View(open_channel(), self._say, lock, terminal, bars)
        self._view.open()
        atexit.register(self._close)

    def _draws(self) -> bool:
        return HAS_RICH and sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"

    def _close(self) -> None:
        if self._view:
            self._view.close()
            self._view = None
            close_channel()

    def v2_playbook_on_play_start(self, play: t.Any) -> None:
        tasks = [task for block in play.compile() for task in block.get_tasks()]
        path = next((_path(task) for task in tasks if not task.implicit), "")
        if not path.startswith(_OURS):
            self._has_own_tasks = True
            self._say(visible(f"\n{play.get_name().strip()}".replace("\n", "")), C.COLOR_HIGHLIGHT)
            return
        stem = Path(path).stem
        asked = headline(stem, self._variables(play))
        if asked and stem not in self._told_headlines:
            self._told_headlines.add(stem)
            check = " (check only)" if context.CLIARGS.get("check") else ""
            self._say(visible(f"{asked}{check}."), C.COLOR_HIGHLIGHT)
            self._say("")

    def _variables(self, play: t.Any) -> dict[str, t.Any]:
        variables = {**play.get_vars(), **play.get_variable_manager().extra_vars}
        return {name: value for name, value in variables.items() if "{{" not in str(value)}

    def v2_playbook_on_task_start(self, task: t.Any, is_conditional: bool) -> None:
        self._begin(task)

    def v2_playbook_on_handler_task_start(self, task: t.Any) -> None:
        self._begin(task)

    def _begin(self, task: t.Any) -> None:
        title = _title(task)
        self._titles[task._uuid] = title
        if self._view:
            self._view.begin_task("" if task.action in _ASKING else title)

    def v2_runner_on_start(self, host: t.Any, task: t.Any) -> None:
        if self._view:
            self._view.wait_for(str(host))

    def v2_runner_retry(self, result: t.Any) -> None:
        told = result._result
        attempt = f"try {told.get('attempts', 1)} of {told.get('retries', 1)}"
        if self._view:
            self._view.try_again(attempt)
        if self._display.verbosity:
            self._line(result, f"{attempt} did not succeed")

    # What has ended.

    def v2_runner_on_ok(self, result: t.Any) -> None:
        self._ended(result)
        if isinstance(result._task, TaskInclude):
            return
        self._warn(result)
        if result._task.action == _CLOSING:
            self._closings += [str(result._result.get("text") or "")]
        if result._task.action not in C._ACTION_DEBUG:
            self._tell(result)
        elif not items(result._result):
            self._debug(result)

    def v2_runner_on_skipped(self, result: t.Any) -> None:
        self._ended(result)
        self._warn(result)
        if self._display.verbosity:
            self._line(result, "skipped")

    def v2_runner_on_failed(self, result: t.Any, ignore_errors: bool = False) -> None:
        self._ended(result)
        self._warn(result)
        # What became of the items of a loop was told of each.
        if not items(result._result):
            self._failed(result, ignore_errors)

    def v2_runner_on_unreachable(self, result: t.Any) -> None:
        self._ended(result)
        self._warn(result)
        host, why = result._host.get_name(), failure(result._result)
        goes_on = bool(result._task.ignore_unreachable)
        is_known = (host, why) in self._told
        self._told.add((host, why))
        said = f"{host} does not answer" + (", as said above." if is_known else f": {why}")
        self._say(
            said + (" (the playbook continues)" if goes_on else ""),
            C.COLOR_SKIP if goes_on else C.COLOR_UNREACHABLE,
        )

    def v2_runner_item_on_ok(self, result: t.Any) -> None:
        self._warn(result)
        if result._task.action in C._ACTION_DEBUG:
            self._debug(result)
        elif self._display.verbosity:
            self._line(result, f"{status(result._result)} ({self._item(result)})")

    def v2_runner_item_on_failed(self, result: t.Any) -> None:
        self._warn(result)
        ignored = bool(result._task_fields.get("ignore_errors"))
        self._failed(result, ignored, self._item(result))

    def v2_runner_item_on_skipped(self, result: t.Any) -> None:
        if self._display.verbosity:
            self._line(result, f"skipped ({self._item(result)})")

    def v2_on_file_diff(self, result: t.Any) -> None:
        told = result._result
        for one in items(told) or [told]:
            if one.get("diff") and one.get("changed") and "censored" not in one:
                text = self._get_diff(one["diff"])
                if text and self._is_new(result, text):
                    self._say(text.rstrip("\n"))

    def v2_playbook_on_no_hosts_matched(self) -> None:
        self._say("No host of the inventory matches.", C.COLOR_SKIP)

    def v2_playbook_on_no_hosts_remaining(self) -> None:
        self._say("No host is left to continue with.", C.COLOR_ERROR)

    def v2_playbook_on_stats(self, stats: t.Any) -> None:
        self._close()
        summaries = {host: stats.summarize(host) for host in stats.processed}
        failed = recap(summaries)
        if self._has_own_tasks or self._display.verbosity:
            self._say("\n" + "\n".join(counts(summaries)))
        took = f"took {duration(time.time() - self._began_s)}"
        if failed:
            self._say(f"\n{' '.join(failed)} The run {took}.", C.COLOR_ERROR)
        closings = [text for text in dict.fromkeys(self._closings) if text]
        if closings and not failed:
            self._say("\n" + "\n".join(closings), C.COLOR_OK)
        if not failed:
            self._say(f"The run {took}.")

    # How it is told.

    def _warn(self, result: t.Any) -> None:
        if "censored" not in result._result:
            self._handle_warnings(result._result)

    def _ended(self, result: t.Any) -> None:
        if self._view:
            self._view.has_ended(result._host.get_name())

    def _tell(self, result: t.Any) -> None:
        """Say what became of a task of the operator's own, and with -v of each."""
        word = status(result._result)
        if self._display.verbosity or not (_is_ours(result._task) or word == "skipped"):
            self._line(result, word)

    def _debug(self, result: t.Any) -> None:
        said = message(result._result)
        if not said and "censored" not in result._result:
            self._clean_results(result._result, result._task.action)
            said = visible(self._dump_results(result._result))
        if said and self._is_new(result, said):
            self._say(said)

    def _line(self, result: t.Any, word: str) -> None:
        """Say in a line what became of a task on a host; with -vv also what it returned."""
        colour = {"changed": C.COLOR_CHANGED, "skipped": C.COLOR_SKIP}.get(word.split(",")[0])
        line = f"{self.host_label(result)}: {self._title(result)}: {word}"
        told = result._result
        if self._display.verbosity > 1 and "censored" not in told:
            line += f" => {self._dump_results(told)}"
        self._say(visible(line), colour)

    def _failed(self, result: t.Any, ignored: bool, item: str = "") -> None:
        # Ansible tells an error with the lines of the playbook around it: no news where it is ours, or a secret.
        is_said = _is_ours(result._task) and not self._display.verbosity and "msg" in result._result
        if not is_said and "censored" not in result._result:
            self._handle_exception(result._result)
        said = failure(result._result)
        where = f"{self._title(result)}{f' ({item})' if item else ''}, on {self.host_label(result)}"
        end = " (the playbook continues)" if ignored else ""
        colour = C.COLOR_SKIP if ignored else C.COLOR_ERROR
        if self._is_new(result, said):
            self._say(f"{'Ignored' if ignored else 'FAILED'}: {said}{end}", colour)
        self._say(visible(f"  ({where})"), C.COLOR_SKIP)
        if self._display.verbosity > 1 and "censored" not in result._result:
            self._say(visible(self._dump_results(result._result)))

    def _is_new(self, result: t.Any, text: str) -> bool:
        """Tell whether a task says this for the first time: what all hosts say alike is told once."""
        key = (result._task._uuid, text)
        is_new = key not in self._told
        self._told.add(key)
        return is_new

    def _title(self, result: t.Any) -> str:
        return self._titles.get(result._task._uuid) or _title(result._task)

    def _item(self, result: t.Any) -> str:
        return visible(str(self._get_item_label(result._result)))

    def _say(self, text: str, colour: str | None = None) -> None:
        if self._view:
            self._view.heard()
        self._display.display(text, color=colour)
