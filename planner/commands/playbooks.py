# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks and what each takes: one table, for the command ``drover run`` and for headlines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

COLLECTION = "drover.libvirt"


@dataclass(frozen=True)
class Variable:
    """A variable of playbooks as an argument of the command.

    Parameters
    ----------
    name
        The variable without ``drover_``; the option is the same with dashes.
    what
        What it means, for the help.
    kind
        ``text``, ``number``, ``flag``, ``off`` (a flag that sets false), ``file`` (that exists) or
        ``output`` (that is written; both made absolute), ``json``, ``names`` (joined with commas) or ``choice``.
    choices
        Of a ``choice``.
    word
        How an argument without dashes is called in the help.
    option
        The option where it is not the name.
    """

    name: str
    what: str
    kind: str = "text"
    choices: tuple[str, ...] = ()
    word: str = ""
    option: str = ""

    @property
    def variable(self) -> str:
        """The name under which playbooks read it."""
        return f"drover_{self.name}"

    @property
    def flag(self) -> str:
        """The option on the command line."""
        return f"--{(self.option or self.name).replace('_', '-')}"


@dataclass(frozen=True)
class Playbook:
    """A playbook of the collection.

    Parameters
    ----------
    name
        How the command calls it.
    does
        What it does, for the help.
    headline
        What is asked, with variables in braces.
    takes
        What stands without dashes behind the name; the last may repeat if it is ``names``.
    needs
        How many of these must be there.
    options
        What may be said with dashes.
    file
        The playbook where it is not called like the command's name.
    """

    name: str
    does: str
    headline: str
    takes: tuple[Variable, ...] = ()
    needs: int = 0
    options: tuple[Variable, ...] = ()
    file: str = ""

    @property
    def stem(self) -> str:
        """The name of the playbook's file."""
        return self.file or self.name

    @property
    def full_name(self) -> str:
        """The name under which ``ansible-playbook`` finds it."""
        return f"{COLLECTION}.{self.stem}"


_HOSTS = Variable("hosts", "hosts of the cluster", "names", word="HOST")
_VMS = Variable("vm", "VMs", "names", word="VM")
_VM = Variable("vm", "the VM", word="VM")
_DESTINATION = Variable("destination", "the host that it goes to", word="HOST")

_CLUSTER = (
    Variable("group", "group of the inventory that is the cluster (default kvm)"),
    Variable("unreachable", "what silent hosts are", "choice", ("fail", "ignore")),
    Variable("fenced", "hosts that are off for certain, on your word", "names", word="HOST"),
)
_POLICY = Variable("policy", "file with the policy", "file")
_REASON = Variable("reason", "why, kept on record with the mark")
_REPORT = Variable("report", "write a page of it here (HTML)", "output")
_MOVING = (
    *_CLUSTER,
    _POLICY,
    Variable("migration", "how VMs are migrated: options of vm_migrate as JSON", "json"),
    _REPORT,
    Variable("deadline", "when all have to be done: 05:30, or 2026-11-25T05:30", word="TIME"),
    Variable("effort", "how hard to look for a better plan: 1 to 5 (default 3)", "number"),
    Variable("planning_time_limit", "seconds after which the best plan found is taken", "number"),
    Variable("time_limit", "seconds after which no further migration is started", "number"),
    Variable("preflight", "check first everything that must hold", "flag"),
    Variable("break_lock", "break a lock whose host does not answer", "flag"),
)
_CURVE = Variable("curve", "also show what fewer migrations would do", "flag")
_SWITCHING = (
    *_CLUSTER,
    _POLICY,
    Variable("break_lock", "break a lock whose host does not answer", "flag"),
)

PLAYBOOKS: Mapping[str, Playbook] = {
    playbook.name: playbook
    for playbook in (
        Playbook(
            "status",
            "show hosts, VMs, load and what runs",
            "Show the cluster",
            options=(
                *_CLUSTER,
                Variable("facts_file", "write the facts here, for the command drover", "output"),
                _REPORT,
            ),
        ),
        Playbook("watch", "follow what runs now", "Follow what runs now", options=_CLUSTER),
        Playbook(
            "preflight",
            "check what would stop migrations",
            "Check what would stop migrations",
            takes=(_HOSTS,),
            options=(
                *_CLUSTER,
                _VMS,
                Variable("destination", "the host that they would go to"),
                Variable("strict", "warnings count as failures", "flag"),
            ),
        ),
        Playbook(
            "evacuate",
            "empty hosts for maintenance",
            "Empty {hosts} for maintenance",
            takes=(_HOSTS,),
            needs=1,
            options=(*_MOVING, _REASON),
        ),
        Playbook(
            "restore",
            "end the maintenance of hosts and bring their VMs back",
            "End the maintenance of {hosts}",
            takes=(_HOSTS,),
            needs=1,
            options=(
                *_MOVING,
                Variable("return", "leave the VMs where they are", "off", option="stay"),
            ),
        ),
        Playbook(
            "rolling",
            "maintain many hosts, batch by batch, with tasks of your own",
            "Maintain {hosts}, batch by batch",
            takes=(
                Variable("maintenance_tasks", "file with your tasks", "file", word="TASKS"),
                _HOSTS,
            ),
            needs=1,
            options=(
                *_MOVING,
                _REASON,
                Variable("at_once", "hosts of a batch (default 1)", "number"),
                Variable(
                    "unfinished", "what an unfinished one is", "choice", ("continue", "forget")
                ),
            ),
            file="rolling_maintenance",
        ),
        Playbook(
            "migrate",
            "move one VM to a host that you name",
            "Move {vm} to {destination}",
            takes=(_VM, _DESTINATION),
            needs=2,
            options=_MOVING,
        ),
        Playbook(
            "balance",
            "even out the load",
            "Even out the load",
            options=(
                *_MOVING,
                Variable("aggressiveness", "1 is timid, 5 thorough (default 3)", "number"),
                _CURVE,
            ),
        ),
        Playbook(
            "consolidate",
            "bring the VMs onto fewer hosts",
            "Bring the VMs onto fewer hosts",
            options=(*_MOVING, _CURVE),
        ),
        Playbook(
            "repair",
            "bring VMs to where broken rules and limits hold again",
            "Repair broken policies",
            options=_MOVING,
        ),
        Playbook(
            "reconcile",
            "clean up after interrupted migrations",
            "Clean up after interrupted migrations",
            options=(
                *_CLUSTER,
                Variable("break_lock", "break a lock whose host does not answer", "flag"),
                Variable("trust_marks", "resume marked VMs that no journal tells of", "flag"),
            ),
        ),
        Playbook(
            "abort",
            "abort running migrations; the VMs stay where they are",
            "Abort the migration of {vm}",
            takes=(_VMS,),
            needs=1,
            options=_CLUSTER,
        ),
        Playbook(
            "power",
            "switch hosts on or off",
            "Switch {hosts} {power_state}",
            takes=(
                Variable("power_state", "on or off", "choice", ("on", "off"), word="on|off"),
                _HOSTS,
            ),
            needs=2,
            options=(*_SWITCHING, _REASON),
        ),
        Playbook(
            "power_test",
            "send hosts to sleep and wake them, as a proof",
            "Send {hosts} to sleep and wake them again",
            takes=(_HOSTS,),
            needs=1,
            options=_SWITCHING,
        ),
        Playbook(
            "wake",
            "wake hosts, or as many as a load needs",
            "Wake {hosts}",
            takes=(_HOSTS,),
            options=(
                *_MOVING,
                _REASON,
                Variable("demand", "multiple of the present load to be ready for", "number"),
            ),
        ),
        Playbook(
            "power_saving",
            "wake hosts that are needed, put those to sleep that are not",
            "Wake hosts that are needed, put those to sleep that are not",
            options=_MOVING,
        ),
        Playbook(
            "nightly",
            "put to sleep what the night does not need, wake it before the morning",
            "Put to sleep what the night does not need",
            options=_MOVING,
        ),
        Playbook(
            "cpu_baseline",
            "define VMs with the CPU that all hosts can run",
            "Define VMs with the CPU that all hosts can run",
            takes=(_HOSTS,),
            options=(*_CLUSTER, _VMS),
        ),
    )
}


def headline(stem: str, variables: Mapping[str, Any]) -> str:
    """Return what a playbook is asked for, such as ``Empty kvm2 for maintenance``; nothing where the table has none.

    Parameters
    ----------
    stem
        The name of the playbook's file.
    variables
        The variables on its command line; lists, or names joined with commas.
    """
    for playbook in PLAYBOOKS.values():
        if playbook.stem == stem:
            words = {"hosts": "hosts", "vm": "VMs", "destination": "a host", "power_state": ""}
            values = {
                variable.name: _in_words(variables[variable.variable])
                for variable in playbook.takes
                if variables.get(variable.variable)
            }
            return playbook.headline.format_map({**words, **values}).strip()
    return ""


def _in_words(value: Any) -> str:
    if isinstance(value, bool):  # YAML reads on and off as yes and no
        return "on" if value else "off"
    names = value if isinstance(value, list) else str(value).split(",")
    return ", ".join(str(name).strip() for name in names)
