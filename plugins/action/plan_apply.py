# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Controller side of plan_apply: starts the executor on the coordinator, detached, and shows its
progress."""

from __future__ import annotations

import contextlib
import os
import signal
import time
import typing as t

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.plugins.action import ActionBase

from ..plugin_utils._documents import DocumentUnreadable, read_document
from ..plugin_utils._follower import Follower, Look
from ..plugin_utils._planner import placement_diff, render_outcomes
from ..plugin_utils._progress_lines import ProgressLines

MODULE = "drover.libvirt.plan_apply"

# How often the journal is looked at.
POLL_S = 1.0
# How long the executor may take to open its journal.
START_S = 120.0
# How long a coordinator may be out of reach before this side gives up; the executor goes on with
# what it has begun all the while.
OUT_OF_REACH_S = 180.0
# Ansible ends an asynchronous module at this age. The executor has limits of its own, so this is
# only far away.
ASYNC_LIMIT_S = 7 * 24 * 3600


class ActionModule(ActionBase):
    """Live progress around the module of the same name."""

    _answer: dict[str, t.Any] | None = None

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        task_vars = task_vars or {}
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        try:
            plan = read_document(self._task.args.get("plan"), "plan", self._find)
        except DocumentUnreadable as error:
            return {**result, "failed": True, "msg": str(error)}
        if not isinstance(plan.get("steps"), list):
            return {
                **result,
                "failed": True,
                "msg": "The plan is not a plan document of Drover: it has no steps.",
            }
        diff = placement_diff(plan)
        if self._task.check_mode or not plan["steps"]:
            return {
                **result,
                "changed": bool(plan["steps"]),
                "diff": diff,
                "outcomes": [],
                "moved": [],
            }
        return {**result, **self._execute(plan, task_vars), "diff": diff}

    def _find(self, path: str) -> str:
        try:
            return str(self._find_needle("files", path))
        except AnsibleError:
            return path

    def _execute(self, plan: dict[str, t.Any], task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        arguments = self._arguments(plan, task_vars)
        job = self._start(arguments, task_vars)
        if job.get("failed") or "ansible_job_id" not in job:
            return {**job, "failed": True}
        folder = os.path.join(arguments["directory"], arguments["execution"])
        follower = Follower(folder, self._run_command)
        lines = (
            ProgressLines(len(plan["steps"]))
            if arguments.get("progress", "lines") == "lines"
            else None
        )
        with _graceful_stop() as stop_wanted:
            self._follow(follower, lines, stop_wanted, job, task_vars)
        return self._finish(plan, self._job_result(job, task_vars, wait_s=30.0), folder)

    def _arguments(self, plan: dict[str, t.Any], task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        arguments = dict(self._task.args, plan=plan)
        arguments.setdefault(
            "coordinator", self._task.delegate_to or task_vars.get("inventory_hostname")
        )
        arguments.setdefault("directory", "/var/lib/drover/executions")
        digest = str(plan.get("digest", ""))[:8]
        arguments.setdefault(
            "execution", f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{os.getpid()}-{digest}"
        )
        arguments.setdefault("owner", f"{os.environ.get('USER', 'root')}@{os.uname().nodename}")
        return arguments

    def _start(self, arguments: dict[str, t.Any], task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        """Start the module as one of Ansible's asynchronous jobs: it outlives this connection and
        this process."""
        self._task.async_val = ASYNC_LIMIT_S
        try:
            job: dict[str, t.Any] = self._execute_module(
                module_name=MODULE, module_args=arguments, task_vars=task_vars, wrap_async=True
            )
        finally:
            self._task.async_val = 0
        return job

    def _run_command(self, command: str) -> tuple[int, str]:
        try:
            answer = self._low_level_execute_command(command)
        except AnsibleConnectionFailure as error:
            raise ConnectionError(str(error)) from error
        return answer["rc"], answer["stdout"]

    def _follow(
        self,
        follower: Follower,
        lines: ProgressLines | None,
        stop_wanted: t.Callable[[], bool],
        job: dict[str, t.Any],
        task_vars: dict[str, t.Any],
    ) -> None:
        heard_at = started_at = time.monotonic()
        asked_to_stop = False
        while True:
            if stop_wanted() and not asked_to_stop:
                asked_to_stop = True
                self._display.warning(
                    "Stopping: what runs is left to end, nothing more is started."
                )
            try:
                if asked_to_stop:
                    follower.ask_to_stop()
                look = follower.look()
                heard_at = time.monotonic()
            except ConnectionError as error:
                if time.monotonic() - heard_at > OUT_OF_REACH_S:
                    raise AnsibleError(
                        f"The coordinator has been out of reach for {OUT_OF_REACH_S:.0f} s "
                        f"({error}). "
                        "Running migrations end by themselves and no further one is started. "
                        "Run the same playbook again when it is back."
                    ) from error
                time.sleep(POLL_S)
                continue
            self._show(look, lines)
            if look.ended or look.executor == "gone":
                return
            if look.executor == "absent" and self._never_started(
                job, task_vars, time.monotonic() - started_at
            ):
                return
            time.sleep(POLL_S)

    def _show(self, look: Look, lines: ProgressLines | None) -> None:
        for event in look.events:
            line = lines.line(event) if lines else ""
            if line:
                self._display.display(line)

    def _never_started(
        self, job: dict[str, t.Any], task_vars: dict[str, t.Any], waited_s: float
    ) -> bool:
        """Whether the module ended before it opened a journal, for instance because its arguments
        or the lock stopped it."""
        return waited_s > START_S or bool(
            self._job_result(job, task_vars, wait_s=0.0).get("finished")
        )

    def _job_result(
        self, job: dict[str, t.Any], task_vars: dict[str, t.Any], wait_s: float
    ) -> dict[str, t.Any]:
        """Return the module's own result once it is there, or what is known of it when the time is
        over."""
        if self._answer is not None:
            return self._answer
        arguments = {
            "jid": job["ansible_job_id"],
            "_async_dir": os.path.dirname(job["results_file"]),
        }
        give_up_at = time.monotonic() + wait_s
        while True:
            answer: dict[str, t.Any] = self._execute_module(
                module_name="ansible.legacy.async_status",
                module_args=arguments,
                task_vars=task_vars,
            )
            if answer.get("finished") or time.monotonic() >= give_up_at:
                break
            time.sleep(POLL_S)
        if answer.get("finished"):
            self._answer = answer
            self._execute_module(
                module_name="ansible.legacy.async_status",
                module_args={**arguments, "mode": "cleanup"},
                task_vars=task_vars,
            )
        return answer

    def _finish(
        self, plan: dict[str, t.Any], answer: dict[str, t.Any], folder: str
    ) -> dict[str, t.Any]:
        for name in ("ansible_job_id", "results_file", "started", "finished", "invocation"):
            answer.pop(name, None)
        if "outcomes" not in answer:
            answer.setdefault(
                "msg",
                "The executor has ended without a result. What it did is in the journal; "
                "run the same playbook again to go on.",
            )
            return {**answer, "failed": True, "folder": folder}
        report = render_outcomes(plan, answer["outcomes"])
        answer["report"] = report
        if self._task.args.get("progress", "lines") == "lines":
            self._display.display(f"\n{report}")
        left = [item for item in answer["outcomes"] if item["outcome"] != "moved"]
        if left:
            answer["failed"] = True
            answer["msg"] = (
                f"{len(left)} of {len(answer['outcomes'])} migrations did not succeed. "
                + " ".join(
                    f"{item['domain']} ({item['source']} → {item['destination']}): {item['reason']}"
                    for item in left
                )
            )
        return answer


@contextlib.contextmanager
def _graceful_stop() -> t.Iterator[t.Callable[[], bool]]:
    """Catch the first Ctrl-C or SIGTERM: by default Ansible's worker would die at once and leave
    the executor to find out by silence."""
    wanted = []

    def remember(_signal: int, _frame: t.Any) -> None:
        wanted.append(True)

    before = {number: signal.signal(number, remember) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(wanted)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
