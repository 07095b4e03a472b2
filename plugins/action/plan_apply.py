# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Controller side of plan_apply: starts the executor on the coordinator, detached, and shows its
progress."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import time
import typing as t

from ansible.errors import AnsibleConnectionFailure
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ..module_utils._execution.controls import AlreadyRunning
from ..module_utils._execution.names import NameRejected, execution_folder
from ..module_utils._request.argspec import InvalidOption
from ..plugin_utils._admission import ADMISSION_OPTIONS, NotAdmitted, admitted_plan
from ..plugin_utils._answer_gate import admitted
from ..plugin_utils._answers import Answers, UnknownModule
from ..plugin_utils._cluster_facts import FactsMissing
from ..plugin_utils._conclusion import Allowance, conclude, nothing_done
from ..plugin_utils._controller import this_operator
from ..plugin_utils._documents import DocumentUnreadable
from ..plugin_utils._finds_files import FindsFiles
from ..plugin_utils._following import GAP_S, Following, OutOfReach, graceful_stop
from ..plugin_utils._journal_reader import JournalReader, Look
from ..plugin_utils._metrics import keep_metrics
from ..plugin_utils._migration_options import check_migration_options
from ..plugin_utils._plain import plain
from ..plugin_utils._planner import (
    PlanningError,
    hosts_to_see,
    placement_diff,
    plan_page,
    visible,
    write_text,
)
from ..plugin_utils._progress_lines import ProgressLines

MODULE = "drover.libvirt.plan_apply"
SETTLE_MODULE = "drover.libvirt.execution_settle"

REFUSALS = (
    DocumentUnreadable,
    FactsMissing,
    InvalidOption,
    NotAdmitted,
    PlanningError,
    UnknownModule,
)

# What stays on the controller; the module never sees it.
OPTIONS = {
    **ADMISSION_OPTIONS,
    "page": {"type": "path"},
    "tries": {"type": "int", "default": 1},
}

# How long the executor may take to open its journal.
START_S = 120.0
# How long the result of an executor may take that is gone.
_LAST_WORDS_S = 5.0
# Ansible ends an asynchronous module at this age. The executor has limits of its own, so this is
# only far away.
ASYNC_LIMIT_S = 7 * 24 * 3600

# By whether the module has ended.
_WITHOUT_RESULT = {
    True: "The executor has ended without a result. What it did is in the journal; run the same "
    "playbook again to go on.",
    False: "The executor was started and has neither opened its journal nor ended. The cluster stays "
    "locked for it; run the same playbook again.",
}


class ActionModule(FindsFiles):
    """Live progress around the module of the same name."""

    _answer: dict[str, t.Any] | None = None
    _last_words = ""
    _tries = 1
    _group = ""
    _stopped = False
    _page: str | None = None

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        task_vars = task_vars or {}
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        try:
            check_migration_options(self._task.args.get("migration"))
            plan = self._admitted(task_vars)
            if self._page and not self._task.check_mode:
                write_text(self._page, plan_page(plan))
        except REFUSALS as error:
            return {**result, "failed": True, "msg": visible(str(error))}
        diff = placement_diff(plan)
        if self._task.check_mode or not plan["steps"]:
            return {
                **result,
                "changed": bool(plan["steps"]),
                "diff": diff,
                **nothing_done(),
            }
        try:
            done = self._execute(plan, task_vars)
        except NameRejected as error:
            return {**result, "failed": True, "msg": str(error)}
        outcomes = done.get("outcomes", [])
        self._count(outcomes, task_vars)
        self._show_on_page(plan, outcomes)
        return {**result, **done, "diff": diff}

    def _count(self, outcomes: list[dict[str, t.Any]], task_vars: dict[str, t.Any]) -> None:
        for warning in keep_metrics(Answers(task_vars, {}), self._group, outcomes=outcomes):
            self._display.warning(visible(warning))

    def _show_on_page(self, plan: dict[str, t.Any], outcomes: list[dict[str, t.Any]]) -> None:
        """Write what became of the plan; the migrations are done, so a full disk does not make them fail."""
        if not self._page or not outcomes:
            return
        try:
            write_text(self._page, plan_page(plan, outcomes))
        except PlanningError as error:
            self._display.warning(visible(str(error)))

    def _admitted(self, task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        """Return the plan as it may run; the options that decide about that stay here."""
        given = {name: self._task.args.pop(name, None) for name in OPTIONS}
        checked = ArgumentSpecValidator(OPTIONS).validate(
            {name: value for name, value in plain(given).items() if value is not None}
        )
        if checked.error_messages:
            raise NotAdmitted(f"{checked.error_messages[0]}.")
        options = checked.validated_parameters
        self._tries, self._group = options["tries"], options["group"]
        self._page = options["page"]
        answers = Answers(task_vars, options["registered"])
        return admitted_plan(
            self._task.args.get("plan"), options, answers, self._coordinator(task_vars), self._find
        )

    def _coordinator(self, task_vars: dict[str, t.Any]) -> str:
        """Return the host on which the executor runs, which nobody else names for it."""
        return str(self._task.delegate_to or task_vars.get("inventory_hostname"))

    def _execute(self, plan: dict[str, t.Any], task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        arguments = self._arguments(plan, task_vars)
        folder = execution_folder(arguments["directory"], arguments["execution"])
        job = self._start(arguments, task_vars)
        if job.get("failed") or "ansible_job_id" not in job:
            return {**job, "failed": True}
        try:
            last = self._follow(JournalReader(folder, self._run_command), plan, job)
        except OutOfReach as error:
            return {"failed": True, "msg": str(error), "folder": folder, "running": True}
        died = last.executor == "gone" and not last.ended
        told = self._job_result(job, wait_s=_LAST_WORDS_S if died else 30.0)
        answer = admitted("plan_apply", arguments["coordinator"], plain(told))
        # An executor that could not write its journal any more may have come to its end all the same.
        if died and "outcomes" not in answer:
            return self._settle(arguments, folder, task_vars, answer.get("msg", ""))
        return self._finish(plan, answer, folder, bool(told.get("finished")))

    def _arguments(self, plan: dict[str, t.Any], task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        arguments = dict(self._task.args, plan=plan, look_at=hosts_to_see(plan))
        arguments["coordinator"] = self._coordinator(task_vars)
        arguments.setdefault("directory", "/var/lib/drover/executions")
        digest = plan["plan_digest"][:8]
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
        follower: JournalReader,
        plan: dict[str, t.Any],
        job: dict[str, t.Any],
    ) -> Look:
        """Show the execution until its end, its death, or the end of a module that never began."""
        shown = self._task.args.get("progress", "lines") == "lines"
        lines = ProgressLines(len(plan["steps"])) if shown else None
        with graceful_stop() as stop_wanted:
            stop = _Stop(stop_wanted, follower, self._display.warning)

            def enough(look: Look, waited_s: float) -> bool:
                self._stopped = stop.pass_on()
                for event in look.events:
                    if event["event"] == "executor_failed":
                        self._last_words = event["reason"]
                if look.executor == "absent":
                    return self._never_started(job, waited_s)
                return look.ended or look.executor == "gone"

            return Following(follower, lines, self._display.display).until(enough)

    def _settle(
        self, arguments: dict[str, t.Any], folder: str, task_vars: dict[str, t.Any], told: str
    ) -> dict[str, t.Any]:
        """The executor died. A VM may stand still on its destination now, so it is seen to at
        once.

        Where the module itself told why, that is C(told).
        """
        self._display.warning("The executor is gone. Settling what it had begun.")
        names = ("execution", "coordinator", "directory", "uri")
        options = {name: arguments[name] for name in names if name in arguments}
        options["uris"] = {host["name"]: host["uri"] for host in arguments["plan"]["hosts"]}
        done = self._execute_module(
            module_name=SETTLE_MODULE, module_args=options, task_vars=task_vars
        )
        answer = admitted("execution_settle", arguments["coordinator"], plain(done))
        found = answer.get("msg") if answer.get("failed") else " ".join(answer.get("unsolved", []))
        return {
            "failed": True,
            "folder": folder,
            "outcomes": answer.get("outcomes", []),
            # The lock is not given back while it lives after all.
            "running": answer.get("error_code") == AlreadyRunning.code,
            "msg": visible(
                " ".join(
                    filter(
                        None,
                        (
                            "The executor died before it had done everything.",
                            self._last_words or told,
                            found or "The VMs that were migrating are settled.",
                            "Run the same playbook again to go on.",
                        ),
                    )
                )
            ),
        }

    def _never_started(self, job: dict[str, t.Any], waited_s: float) -> bool:
        """Whether the module ended before it opened a journal, for instance because its arguments
        or the lock stopped it."""
        return waited_s > START_S or bool(self._job_result(job, wait_s=0.0).get("finished"))

    def _job_result(self, job: dict[str, t.Any], wait_s: float) -> dict[str, t.Any]:
        """Return the module's own result once it is there, or what is known of it when the time is
        over."""
        if self._answer is not None:
            return self._answer
        give_up_at = time.monotonic() + wait_s
        while True:
            answer = self._read_result(job["results_file"])
            if answer.get("finished") or time.monotonic() >= give_up_at:
                break
            time.sleep(GAP_S)
        if answer.get("finished"):
            self._answer = answer
            self._low_level_execute_command(f"rm -f {shlex.quote(job['results_file'])}")
        return answer

    def _read_result(self, file: str) -> dict[str, t.Any]:
        """Return what an asynchronous job has written as its result; C(finished) tells whether it has ended.

        Read as a file, for async_status is a module of its own that would be started for each look.
        """
        read = self._low_level_execute_command(f"cat {shlex.quote(file)}")
        if read["rc"] != 0:
            return {"failed": True, "finished": True, "msg": f"{file} is gone."}
        try:
            told: dict[str, t.Any] = json.loads(read["stdout"])
        except ValueError:
            return {"finished": False}
        return {**told, "finished": "started" not in told or bool(told.get("finished"))}

    def _finish(
        self, plan: dict[str, t.Any], answer: dict[str, t.Any], folder: str, ended: bool
    ) -> dict[str, t.Any]:
        for name in ("ansible_job_id", "results_file", "started", "finished", "invocation"):
            answer.pop(name, None)
        if "outcomes" not in answer:
            answer.setdefault("msg", _WITHOUT_RESULT[ended])
            return {**answer, "failed": True, "folder": folder, "running": not ended}
        time_limit_s = float(self._task.args.get("time_limit") or 0)
        allowance = Allowance(self._tries, time_limit_s, self._stopped)
        result = conclude(plan, answer, allowance)
        if self._task.args.get("progress", "lines") == "lines":
            self._display.display(f"\n{result['report']}")
        return result


class _Stop:
    """Passes the operator's wish to stop on to the executor, once."""

    def __init__(
        self, wanted: t.Callable[[], bool], follower: JournalReader, warn: t.Callable[[str], None]
    ) -> None:
        self._wanted = wanted
        self._follower = follower
        self._warn = warn
        self._warned = False
        self._passed_on = False

    def pass_on(self) -> bool:
        """Do what is to be done now, and say whether the operator wants to stop; a coordinator out of reach is asked
        again the next time."""
        if not self._wanted() or self._passed_on:
            return self._passed_on
        if not self._warned:
            self._warned = True
            self._warn("Stopping: running migrations are left to end, no further one is started.")
        with contextlib.suppress(ConnectionError):
            self._follower.ask_to_stop()
            self._passed_on = True
        return True
