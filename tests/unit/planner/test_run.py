# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""`drover run`: arguments in, the command line of ansible-playbook out."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from planner.commands.drover import main
from planner.commands.playbooks import PLAYBOOKS, headline
from plugins.plugin_utils._operator_variables import known_variables

ROOT = Path(__file__).parents[3]
PARTS = {"check_cluster", "finish_power"}
"""Playbooks that are only imported by others."""


@pytest.fixture(autouse=True)
def program(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have an ansible-playbook to find: the tests with PuLP 4 run in an environment without Ansible."""
    program = tmp_path_factory.mktemp("bin") / "ansible-playbook"
    program.touch(0o755)
    monkeypatch.setenv("PATH", f"{os.environ['PATH']}:{program.parent}")


@pytest.fixture
def became(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Return the command lines that the command would have become."""
    lines: list[list[str]] = []
    monkeypatch.setenv("ANSIBLE_STDOUT_CALLBACK", "default")
    monkeypatch.setenv("ANSIBLE_COLLECTIONS_PATH", "/collections")
    monkeypatch.setattr(os, "execve", lambda _program, command, _environment: lines.append(command))
    return lines


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run the command, which must refuse; return what it says."""
    try:
        code = main(["run", *arguments])
    except SystemExit as end:
        code = end.code
    said = capsys.readouterr().err
    assert code == 2
    assert said.count("\n") == 1
    return said


def test_every_playbook_and_no_other_is_in_the_table() -> None:
    """A playbook that an operator can run can be run with the command."""
    there = {path.stem for path in (ROOT / "playbooks").glob("*.yml")}
    assert {playbook.stem for playbook in PLAYBOOKS.values()} == there - PARTS


def test_every_variable_is_read_by_something() -> None:
    """The command sets no variable that the playbooks would refuse."""
    known = known_variables(ROOT)
    table = PLAYBOOKS.values()
    named = {v.variable for playbook in table for v in (*playbook.takes, *playbook.options)}
    assert named - known == set()


def test_an_evacuation(became: list[list[str]], capsys: pytest.CaptureFixture[str]) -> None:
    """The command line is shown and is the one that runs; what stands behind -- goes through."""
    main(["run", "evacuate", "kvm2", "kvm5", "-i", "a.yml", "--check", "--", "-f", "50"])
    expected = (
        "ansible-playbook -i a.yml drover.libvirt.evacuate -e drover_hosts=kvm2,kvm5 --check -f 50"
    )
    assert became == [expected.split()]
    assert capsys.readouterr().err == f"$ {expected}\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["migrate", "web1", "kvm3"], ["drover_vm=web1", "drover_destination=kvm3"]),
        (["power", "off", "kvm3"], ["drover_power_state=off", "drover_hosts=kvm3"]),
        (["restore", "kvm2,kvm2", "--stay"], ["drover_hosts=kvm2", "drover_return=false"]),
        (["balance", "--curve", "--effort", "5"], ["drover_effort=5", "drover_curve=true"]),
        (
            ["evacuate", "a", "--reason", "new disks"],
            ["drover_hosts=a", '{"drover_reason": "new disks"}'],
        ),
        (
            ["balance", "--migration", '{"post_copy": "on_stall"}'],
            ['{"drover_migration": {"post_copy": "on_stall"}}'],
        ),
        (["repair", "--fenced", "a", "--fenced", "b"], ["drover_fenced=a,b"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_arguments_become_variables(
    arguments: list[str], told: list[str], became: list[list[str]]
) -> None:
    """Each is told in a form that Ansible reads as it was meant."""
    main(["run", *arguments])
    assert became[0][2:] == [part for variable in told for part in ("-e", variable)]


def test_files_are_named_from_everywhere(
    tmp_path: Path, became: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A playbook of the collection looks for its files elsewhere than the operator."""
    (tmp_path / "update.yml").touch()
    monkeypatch.chdir(tmp_path)
    main(["run", "rolling", "update.yml", "kvm1"])
    assert became[0][3] == f"drover_maintenance_tasks={tmp_path}/update.yml"


@pytest.mark.parametrize(
    ("arguments", "variable"),
    [
        (("evacuate", "kvm2", "--report", "plan.html"), "drover_report=plan.html"),
        (("status", "--facts-file", "facts.json"), "drover_facts_file=facts.json"),
    ],
)
def test_a_file_that_is_written_need_not_exist(
    arguments: tuple[str, ...],
    variable: str,
    became: list[list[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It was refused as one that is missing. It lands where the operator is, whatever Ansible takes for its folder."""
    monkeypatch.chdir(tmp_path)
    main(["run", *arguments])
    name, _equals, file = variable.partition("=")
    assert f"{name}={tmp_path / file}" in became[0]


def test_a_file_cannot_be_written_into_a_folder_that_is_missing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Said before anything is run."""
    said = refusal(capsys, "evacuate", "kvm2", "--report", "nowhere/plan.html")
    assert (
        "--report must be a file in a folder that exists, and 'nowhere/plan.html' is not." in said
    )


def test_all_faults_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    """In one sentence each, on one line."""
    said = refusal(capsys, "rolling", "nowhere.yml", "--effort", "much", "--migration", "fast")
    assert "TASKS names no file: 'nowhere.yml'" in said
    assert "--effort must be a number, and 'much' is not" in said
    assert "--migration must be a JSON object" in said


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (["evacuate"], "required: HOST"),
        (["evacuate", "a", "--chek"], "--chek is not an argument"),
        (["power", "of", "a"], "invalid choice: 'of'"),
        (["balans"], "invalid choice: 'balans'"),
        (["evacuate", "a,,b"], "empty name"),
        (["evacuate", "{{ lookup('pipe', 'id') }}"], "must be plain text"),
        (["evacuate", "a\x1b[2J"], r"'a\\x1b[2J' is not"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_arguments_are_refused_in_a_sentence(
    arguments: list[str], fault: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """What, and what would be right."""
    assert fault in refusal(capsys, *arguments)


def test_no_ansible(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The command works without Ansible, but for this."""
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "no ansible-playbook on this machine's PATH" in refusal(capsys, "status")


@pytest.mark.parametrize("script", ["exit 4", f"kill -{signal.SIGTERM} $$"])
def test_exit_codes_and_signals_are_the_playbooks(script: str, tmp_path: Path) -> None:
    """The command is the playbook's process."""
    program = tmp_path / "ansible-playbook"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    start = "import sys; from planner.commands.drover import main; sys.executable = '/no'; main(['run', 'status'])"
    done = subprocess.run(
        [sys.executable, "-c", start],
        cwd=ROOT,
        env={**os.environ, "PATH": f"{tmp_path}:/bin"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == (4 if script == "exit 4" else -signal.SIGTERM)


@pytest.mark.parametrize("told", ["", "ansible.builtin.default"])
def test_the_view(
    told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Runs are shown by the callback `brief`, which the command line shows too, unless the operator chose another."""
    used: list[str] = []
    monkeypatch.delenv("ANSIBLE_STDOUT_CALLBACK", raising=False)
    if told:
        monkeypatch.setenv("ANSIBLE_STDOUT_CALLBACK", told)
    monkeypatch.setattr(
        os,
        "execve",
        lambda _program, _command, given: used.append(given["ANSIBLE_STDOUT_CALLBACK"]),
    )
    main(["run", "status"])
    assert used == [told or "drover.libvirt.brief"]
    assert ("ANSIBLE_STDOUT_CALLBACK=drover.libvirt.brief" in capsys.readouterr().err) == (not told)


def test_a_working_tree_finds_its_own_playbooks(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where Ansible was told nothing else; beside the collections that are installed."""
    monkeypatch.delenv("ANSIBLE_COLLECTIONS_PATH", raising=False)
    monkeypatch.setattr(os, "execve", lambda *_arguments: None)
    main(["run", "status"])
    expected = f"ANSIBLE_COLLECTIONS_PATH={ROOT}/.collections:~/.ansible/collections:"
    assert expected in capsys.readouterr().err.replace("'", "")


def test_headlines() -> None:
    """What is asked of whom, also where the variables are lists or booleans."""
    assert headline("evacuate", {"drover_hosts": ["a", "b"]}) == "Empty a, b for maintenance"
    assert headline("power", {"drover_hosts": "a", "drover_power_state": True}) == "Switch a on"
    assert headline("rolling_maintenance", {}) == "Maintain hosts, batch by batch"
    assert headline("site", {}) == ""
