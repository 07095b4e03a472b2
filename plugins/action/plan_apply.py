# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Controller side of plan_apply: starts the executor on the coordinator, detached, and shows its
progress."""

from __future__ import annotations

import contextlib
import os
import time
import typing as t

from ansible.errors import AnsibleConnectionFailure

from ..module_utils._migration.argspec import InvalidOption
from ..plugin_utils._controller import this_operator
from ..plugin_utils._documents import DocumentUnreadable, read_document
from ..plugin_utils._finds_files import FindsFiles
from ..plugin_utils._follower import Follower, Look
from ..plugin_utils._following import POLL_S, Following, OutOfReach, graceful_stop
from ..plugin_utils._migration_options import check_migration_options
from ..plugin_utils._planner import placement_diff, render_outcomes
from ..plugin_utils._progress_lines import ProgressLines

MODULE = "drover.libvirt.plan_apply"
SETTLE_MODULE = "drover.libvirt.execution_settle"

# How long the executor may take to open its journal.
START_S = 120.0
# Ansible ends an asynchronous module at this age. The executor has limits of its own, so this is
# only far away.
ASYNC_LIMIT_S = 7 * 24 * 3600


class ActionModule(FindsFiles):
    """Live progress around the module of the same name."""

    _answer: dict[str, t.Any] | None = None

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        task_vars = task_vars or {}
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        try:
            plan = read_document(self._task.args.get("plan"), "plan", self._find)
            check_migration_options(self._task.args.get("migration"))
        except (DocumentUnreadable, InvalidOption) as error:
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

    def _execute(self, plan: dict[str, t.Any], task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        arguments = self._arguments(plan, task_vars)
        job = self._start(arguments, task_vars)
        if job.get("failed") or "ansible_job_id" not in job:
            return {**job, "failed": True}
        folder = os.path.join(arguments["directory"], arguments["execution"])
        try:
            last = self._follow(Follower(folder, self._run_command), plan, job, task_vars)
        except OutOfReach as error:
            return {"failed": True, "msg": str(error), "folder": folder, "running": True}
        if last.executor == "gone" and not last.ended:
            return self._settle(arguments, folder, task_vars)
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
        arguments.setdefault("owner", this_operator())
        if not arguments.get("purpose"):
            arguments["purpose"] = " ".join(
                [str(plan.get("goal", "")), ", ".join(sorted(plan.get("goal_hosts", [])))]
            ).strip()
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
        plan: dict[str, t.Any],
        job: dict[str, t.Any],
        task_vars: dict[str, t.Any],
    ) -> Look:
        """Show the execution until its end, its death, or the end of a module that never began."""
        shown = self._task.args.get("progress", "lines") == "lines"
        lines = ProgressLines(len(plan["steps"])) if shown else None
        with graceful_stop() as stop_wanted:
            stop = _Stop(stop_wanted, follower, self._display.warning)

            def enough(look: Look, waited_s: float) -> bool:
                stop.pass_on()
                if look.executor == "absent":
                    return self._never_started(job, task_vars, waited_s)
                return look.ended or look.executor == "gone"

            return Following(follower, lines, self._display.display).until(enough)

    def _settle(
        self, arguments: dict[str, t.Any], folder: str, task_vars: dict[str, t.Any]
    ) -> dict[str, t.Any]:
        """The executor died. A VM may stand still on its destination now, so it is seen to at
        once."""
        self._display.warning("The executor is gone. What it had begun is being settled.")
        names = ("execution", "coordinator", "directory", "uri")
        options = {name: arguments[name] for name in names if name in arguments}
        answer: dict[str, t.Any] = self._execute_module(
            module_name=SETTLE_MODULE, module_args=options, task_vars=task_vars
        )
        found = answer.get("msg") if answer.get("failed") else ""
        return {
            "failed": True,
            "folder": folder,
            "outcomes": answer.get("outcomes", []),
            "msg": "The executor died before it had done everything. "
            + (found or "The VMs that were on their way are in order.")
            + " Run the same playbook again to go on.",
        }

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
        report = render_outcomes(plan, answer["outcomes"], answer["duration_s"])
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


class _Stop:
    """Passes the operator's wish to stop on to the executor, once."""

    def __init__(
        self, wanted: t.Callable[[], bool], follower: Follower, warn: t.Callable[[str], None]
    ) -> None:
        self._wanted = wanted
        self._follower = follower
        self._warn = warn
        self._warned = False
        self._passed_on = False

    def pass_on(self) -> None:
        """Do what is to be done now; a coordinator out of reach is asked again the next time."""
        if not self._wanted() or self._passed_on:
            return
        if not self._warned:
            self._warned = True
            self._warn("Stopping: what runs is left to end, nothing more is started.")
        with contextlib.suppress(ConnectionError):
            self._follower.ask_to_stop()
            self._passed_on = True
