# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A sign of life while a task says nothing."""

from __future__ import annotations

DOCUMENTATION = r"""
name: beat
type: notification
short_description: Say once in a while which task is still running
version_added: 1.0.0
author: The Drover authors (@drover)
description:
  - Prints a line when a task has said nothing for O(interval), and again after the same time. AWX shows then that a job
    lives that waits for a host to boot.
  - Use it beside the stdout callback of AWX. P(drover.libvirt.brief#callback) needs no help.
requirements:
  - enabled in configuration, with C(callbacks_enabled)
options:
  interval:
    description: Seconds of silence after which there is a line.
    type: float
    default: 45
    env:
      - name: DROVER_BEAT_INTERVAL
    ini:
      - section: drover_beat
        key: interval
"""

import threading
import time
import typing as t

from ansible.plugins.callback import CallbackBase

from ..plugin_utils._planner import duration, visible


class CallbackModule(CallbackBase):  # type: ignore[misc]
    """Watches the time since Ansible told of something."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "drover.libvirt.beat"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self) -> None:
        super().__init__()
        self._title = ""
        self._began_s = self._heard_s = time.monotonic()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def v2_playbook_on_start(self, playbook: t.Any) -> None:
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def v2_playbook_on_task_start(self, task: t.Any, is_conditional: bool) -> None:
        self._title = str(task.get_name()).strip()
        self._began_s = self._heard_s = time.monotonic()

    def v2_playbook_on_handler_task_start(self, task: t.Any) -> None:
        self.v2_playbook_on_task_start(task, False)

    def v2_runner_on_ok(self, result: t.Any) -> None:
        self._hear()

    def v2_runner_on_failed(self, result: t.Any, ignore_errors: bool = False) -> None:
        self._hear()

    def v2_runner_on_skipped(self, result: t.Any) -> None:
        self._hear()

    def v2_runner_on_unreachable(self, result: t.Any) -> None:
        self._hear()

    def v2_runner_item_on_ok(self, result: t.Any) -> None:
        self._hear()

    def v2_runner_retry(self, result: t.Any) -> None:
        self._hear()

    def _hear(self) -> None:
        self._heard_s = time.monotonic()

    def v2_playbook_on_stats(self, stats: t.Any) -> None:
        self._ended.set()

    def _watch(self) -> None:
        interval_s = float(self.get_option("interval"))
        while not self._ended.wait(min(1.0, interval_s / 4)):
            now_s = time.monotonic()
            if now_s - self._heard_s >= interval_s:
                self._heard_s = now_s
                took = duration(round(now_s - self._began_s))
                self._display.display(visible(f"Still running after {took}: {self._title}"))
