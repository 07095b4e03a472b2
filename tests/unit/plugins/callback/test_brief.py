# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The callback `brief`, with real playbooks on this machine: what it shows, keeps whole, and hides."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[4]
PROGRAM = Path(sys.executable).with_name("ansible-playbook")

INVENTORY = {
    "all": {
        "vars": {"ansible_python_interpreter": sys.executable},
        "hosts": {
            "a": {"ansible_connection": "local"},
            "b": {"ansible_connection": "local"},
            "gone": {
                "ansible_connection": "ssh",
                "ansible_host": "192.0.2.1",
                "ansible_ssh_extra_args": "-o ConnectTimeout=1 -o ConnectionAttempts=1",
            },
        },
    }
}


def environment(**more: str) -> dict[str, str]:
    """Return an environment with the callback, without colours."""
    return {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".collections"),
        "ANSIBLE_STDOUT_CALLBACK": "drover.libvirt.brief",
        "ANSIBLE_LOCALHOST_WARNING": "False",
        "ANSIBLE_RETRY_FILES_ENABLED": "False",
        "ANSIBLE_NOCOLOR": "1",
        **more,
    }


def command(folder: Path, plays: list[dict[str, Any]], *arguments: str) -> list[str]:
    """Write a playbook and return the command that runs it."""
    (folder / "inventory.yml").write_text(yaml.safe_dump(INVENTORY))
    (folder / "site.yml").write_text(yaml.safe_dump(plays))
    return [str(PROGRAM), "-i", "inventory.yml", "site.yml", *arguments]


def play(hosts: str, *tasks: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a play."""
    return {
        "name": f"Work on {hosts}",
        "hosts": hosts,
        "gather_facts": False,
        "tasks": [*tasks],
        **more,
    }


def shell(text: str, **more: Any) -> dict[str, Any]:
    """Return a task that runs a command."""
    return {"name": text[:20], "ansible.builtin.shell": text, **more}


def run(folder: Path, plays: list[dict[str, Any]], *arguments: str, code: int = 0) -> str:
    """Run a playbook without a terminal; return what it shows."""
    done = subprocess.run(
        command(folder, plays, *arguments),
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_own_tasks_are_told_with_what_became_of_them(tmp_path: Path) -> None:
    """One line a host; skipped ones and headings are left out; a loop is one line."""
    said = run(
        tmp_path,
        [
            play(
                "a,b",
                shell("true", name="Update"),
                {"name": "Look", "ansible.builtin.stat": {"path": "/"}},
                shell("true", name="Never", when=False),
                shell("true", name="Each", loop=[1, 2], changed_when="item == 1"),
                {"name": "Say", "ansible.builtin.debug": {"msg": "all hosts say this"}},
            )
        ],
    )
    lines = said.splitlines()
    assert "a: Update: changed" in lines
    assert "b: Look: ok" in lines
    assert "a: Each: changed, 1 of 2 items" in lines
    assert "Never" not in said
    assert said.count("all hosts say this") == 1
    assert "TASK [" not in said
    assert any(line.startswith("The run took ") for line in lines)


def test_failures_are_whole_and_once(tmp_path: Path) -> None:
    """What a command printed belongs to why it failed; two hosts that say the same say it once."""
    task = shell("echo one; echo two; echo three >&2; exit 7", name="Break")
    said = run(tmp_path, [play("a,b", task)], code=2)
    assert said.count("stdout: one\ntwo") == 1
    assert "three" in said
    assert "exit code 7" in said or "rc" in said
    assert "(Break, on a)" in said
    assert "(Break, on b)" in said
    assert "Failed on a, b." in said


def test_ignored_failures_and_failed_when(tmp_path: Path) -> None:
    """The playbook goes on, and says so; what `failed_when` excuses is no failure."""
    said = run(
        tmp_path,
        [
            play(
                "a",
                shell("exit 3", name="Try", ignore_errors=True),
                shell("exit 3", name="Excused", failed_when=False),
                shell("true", name="Wrong", failed_when=True, ignore_errors=True),
                shell("test {{ item }} = 1", name="Loop", loop=[1, 2], ignore_errors=True),
            )
        ],
    )
    assert "(Try, on a)" in said
    assert said.count("(the playbook continues)") == 3
    assert "FAILED" not in said
    assert "a: Excused: changed" in said
    assert "(Wrong, on a)" in said
    assert "(Loop (2), on a)" in said


def test_hosts_that_do_not_answer(tmp_path: Path) -> None:
    """They are named with the reason, and at the end."""
    said = run(tmp_path, [play("gone", {"name": "Look", "ansible.builtin.ping": {}})], code=4)
    assert "gone does not answer: " in said
    assert "Did not answer: gone." in said
    said = run(
        tmp_path,
        [play("gone", {"name": "Look", "ansible.builtin.ping": {}, "ignore_unreachable": True})],
    )
    assert "(the playbook continues)" in said


def test_nothing_of_a_secret(tmp_path: Path) -> None:
    """Neither of a task with `no_log`, nor of its items, its failure, its difference, or its message."""
    secret = "hunter2"
    said = run(
        tmp_path,
        [
            play(
                "a",
                shell(f"echo {secret}", name="One", no_log=True),
                shell("echo {{ item }}", name="Each", loop=[secret], no_log=True),
                {"name": "Say", "ansible.builtin.debug": {"msg": secret}, "no_log": True},
                {
                    "name": "Copy",
                    "ansible.builtin.copy": {"content": secret, "dest": f"{tmp_path}/f"},
                    "no_log": True,
                },
                shell(f"echo {secret}; exit 1", name="Last", no_log=True, ignore_errors=True),
                shell(
                    "echo {{ item }}; exit 1",
                    name="Loop",
                    loop=[secret],
                    no_log=True,
                    ignore_errors=True,
                ),
            )
        ],
        "--diff",
        "-vv",
    )
    assert secret not in said
    assert "no_log" in said


def test_differences_are_shown_once(tmp_path: Path) -> None:
    """With --diff, also in check mode, which is announced by the recap of nothing changed."""
    task = {"name": "Write", "ansible.builtin.copy": {"content": "new\n", "dest": f"{tmp_path}/f"}}
    said = run(tmp_path, [play("a,b", task)], "--check", "--diff")
    assert said.count("+new") == 1
    assert not (tmp_path / "f").exists()


def test_delegated_tasks_name_both_hosts(tmp_path: Path) -> None:
    """The one that asks and the one that did it."""
    said = run(tmp_path, [play("a", shell("true", name="Ask", delegate_to="b"))])
    assert "a -> b: Ask: changed" in said


def test_hostile_text_cannot_play_with_the_terminal(tmp_path: Path) -> None:
    """Names and messages come from outside."""
    evil = "\x1b[2Jx\x07"
    said = run(
        tmp_path,
        [
            play(
                "a",
                {"name": evil, "ansible.builtin.shell": "true", "loop": [evil]},
                {"name": "Say", "ansible.builtin.debug": {"msg": evil}},
                shell("printf '\\033[2J'; exit 1", name=evil, ignore_errors=True),
            )
        ],
        "-v",
    )
    assert "\x1b" not in said
    assert "\x07" not in said
    assert "\\x1b[2Jx" in said


def test_verbose_tells_every_task(tmp_path: Path) -> None:
    """-v: a line for each task and host; -vv: what it returned."""
    plays = [
        play("a", shell("echo some words", name="Speak"), shell("true", name="No", when=False))
    ]
    said = run(tmp_path, plays, "-v")
    assert "a: No: skipped" in said
    assert "some words" not in said.replace("echo some words", "")
    assert '"stdout": "some words"' in run(tmp_path, plays, "-vv")


def on_a_terminal(
    folder: Path, plays: list[dict[str, Any]], *arguments: str, interrupt: str = ""
) -> tuple[int, str]:
    """Run a playbook on a terminal, with Ctrl-C once it has shown something; return its code and all that it wrote."""
    pid, terminal = pty.fork()
    if pid == 0:  # pragma: no cover - another process
        os.chdir(folder)
        os.execvpe(PROGRAM, command(folder, plays, *arguments), environment(TERM="xterm"))
    said = b""
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up:
        if select.select([terminal], [], [], 0.2)[0]:
            try:
                part = os.read(terminal, 65536)
            except OSError:
                break
            if not part:
                break
            said += part
        if interrupt and interrupt.encode() in said:
            interrupt = ""
            os.write(terminal, b"\x03")
    os.close(terminal)
    if time.monotonic() >= give_up:
        os.kill(pid, signal.SIGKILL)
    _pid, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status), said.decode()


def left_on(text: str) -> list[str]:
    """Return the lines that a terminal shows at the end: enough of one to follow this callback."""
    lines, row = [""], 0
    parts = iter(text.replace("\r\n", "\n"))
    for c in parts:
        if c == "\n":
            row += 1
            lines += [""] if row == len(lines) else []
        elif c == "\r":
            continue
        elif c == "\x1b":
            code = next(parts)
            while not code[-1].isalpha():
                code += next(parts)
            if code.endswith("A"):
                row -= int(code[1:-1])
            elif code == "[J":
                lines[row:] = [""]
        else:
            lines[row] += c
    return lines


def test_what_is_under_way_is_gone_at_the_end(tmp_path: Path) -> None:
    """The last lines of the terminal name the task and the hosts that it waits for; nothing of them stays."""
    pytest.importorskip("rich")
    plays = [play("a,b", shell("sleep 2", name="Work slowly"))]
    code, said = on_a_terminal(tmp_path, plays)
    assert code == 0
    assert "Work slowly  a, b" in said
    shown = [line for line in left_on(said) if line]
    assert sorted(line for line in shown if "Work slowly" in line) == [
        "a: Work slowly: changed",
        "b: Work slowly: changed",
    ]


def test_ctrl_c_leaves_the_terminal_as_it_was(tmp_path: Path) -> None:
    """Ansible says that it was interrupted, and nothing is drawn after that."""
    pytest.importorskip("rich")
    plays = [play("a", shell("sleep 30", name="Work slowly"))]
    code, said = on_a_terminal(tmp_path, plays, interrupt="Work slowly")
    assert code not in (0, -signal.SIGKILL)
    assert "interrupted" in said
    assert [line for line in left_on(said) if "Work slowly" in line] == []


def test_without_rich_there_are_plain_lines(tmp_path: Path) -> None:
    """Also on a terminal."""
    (tmp_path / "rich.py").write_text("raise ImportError\n")
    plays = [play("a", shell("sleep 1", name="Work"))]
    os.environ["PYTHONPATH"] = str(tmp_path)
    try:
        code, said = on_a_terminal(tmp_path, plays)
    finally:
        del os.environ["PYTHONPATH"]
    assert code == 0
    assert "a: Work: changed" in said
    assert "\x1b" not in said
