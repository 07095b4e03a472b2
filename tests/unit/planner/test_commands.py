# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from planner.commands.drover import main
from planner.documents import validate
from tests.unit.planner.builders import cluster

ROOT = Path(__file__).parents[3]


@pytest.fixture
def facts(tmp_path: Path) -> Path:
    """Write a facts file."""
    path = tmp_path / "facts.json"
    path.write_text(json.dumps(cluster(a={"x": 100}, b={}, c={"big": 1000})))
    return path


def test_a_name_too_long_for_a_file(facts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A plan that cannot be written ends in a sentence, also where its draft has no valid name either."""
    options = ["plan", "--facts", str(facts), "--goal", "repair", "--out", "x" * 300]
    assert main(options) == 2
    assert "File name too long" in capsys.readouterr().err


def test_plan_and_show(facts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`drover plan` writes the plan and prints it; `drover show` prints the same."""
    out = tmp_path / "plan.json"
    assert (
        main(
            ["plan", "--facts", str(facts), "--goal", "evacuate", "--host", "a", "--out", str(out)]
        )
        == 0
    )
    printed = capsys.readouterr().out
    assert "1 migration empties a." in printed
    assert main(["show", str(out)]) == 0
    assert capsys.readouterr().out == printed


def test_a_deadline_and_what_time_it_is(facts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """At half past five there is an hour left to half past six; nobody has to tell the time."""
    ask = [
        "plan",
        "--facts",
        str(facts),
        "--goal",
        "evacuate",
        "--host",
        "a",
        "--deadline",
        "06:30",
    ]
    assert main([*ask, "--now", "2026-11-24T05:30+01:00"]) == 0
    assert "done by 2026-11-24 06:30" in capsys.readouterr().out
    assert main([*ask, "--now", "2026-11-24T06:29:59+01:00"]) == 3
    assert "there are 1 s" in capsys.readouterr().err
    assert main(["plan", "--facts", str(facts), "--goal", "balance", "--curve"]) == 0


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--goal", "evacuate", "--host", "z"], 2, "There is no host z"),
        (["--goal", "evacuate"], 2, "needs a host"),
        (["--goal", "evacuate", "--host", "c"], 3, "cannot leave c"),
        (
            ["--goal", "evacuate", "--host", "a", "--policy", "/no/such/file"],
            2,
            "Cannot read /no/such/file",
        ),
    ],
)
def test_errors_are_one_sentence_and_no_file(
    facts: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    words: str,
) -> None:
    """A failure has its exit code and one line on standard error; no plan file appears."""
    out = tmp_path / "plan.json"
    assert main(["plan", "--facts", str(facts), *arguments, "--out", str(out)]) == code
    captured = capsys.readouterr()
    assert words in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""
    assert not out.exists()


def test_broken_files_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """JSON or YAML that cannot be parsed is an error with the file's name."""
    bad = tmp_path / "facts.json"
    bad.write_text("{")
    assert main(["plan", "--facts", str(bad), "--goal", "evacuate", "--host", "a"]) == 2
    assert f"{bad} is not valid JSON" in capsys.readouterr().err


def test_start_up_loads_no_solver(facts: Path) -> None:
    """An evacuation that needs no model loads neither PuLP nor NetworkX: the command starts quickly."""
    code = (
        "import sys; from planner.commands.drover import main; "
        f"main(['plan', '--facts', {str(facts)!r}, '--goal', 'evacuate', '--host', 'a', '--quiet']); "
        "print(sorted({'pulp', 'networkx', 'numpy', 'yaml'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.strip() == "[]"


def test_nothing_but_the_report_is_printed(tmp_path: Path) -> None:
    """Solvers like to print; standard output stays ours."""
    path = tmp_path / "facts.json"
    path.write_text(json.dumps(cluster(a={"big": 600}, b={"p": 300, "q": 300}, c={"r": 500})))
    policy = tmp_path / "policy.yml"
    policy.write_text("headroom: {memory: 0}\n")
    command = [
        sys.executable,
        "-m",
        "planner",
        "plan",
        "--facts",
        str(path),
        "--policy",
        str(policy),
    ]
    done = subprocess.run(
        [*command, "--goal", "evacuate", "--host", "a", "--quiet"],
        cwd=ROOT,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def ask(capsys: pytest.CaptureFixture[str], *arguments: object) -> Any:
    """Return what the command answers with --json."""
    assert main([*map(str, arguments), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_every_question_is_answered_in_json(
    facts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A program gets all that people are told, and documents by their schemas."""
    out = tmp_path / "plan.json"
    plan = ask(capsys, "plan", "--facts", facts, "--goal", "evacuate", "--host", "a", "--out", out)
    validate("plan", plan)
    assert plan == ask(capsys, "show", out) == json.loads(out.read_text())
    found = ask(capsys, "explain", out, "--vm", "x")
    assert (found["host"], found["stays"], list(found["not_there"])) == ("b", None, ["a", "c"])
    assert "no policy and no part" in ask(capsys, "explain", out, "--vm", "big")["stays"]
    state = ask(capsys, "what-if", "--facts", facts, "--fail", "c")
    assert [(host["name"], host["domains"]) for host in state["hosts"]] == [
        ("a", 1),
        ("b", 0),
        ("c", 1),
    ]
    assert state["failure"]["hosts"] == ["c"]
    assert state["failure"]["unplaced"] == ["big"] or state["failure"]["restarted"] == {"big": "b"}
    assert "c carries 1000 MiB" in " ".join(state["violations"])
    room = ask(capsys, "capacity", "--facts", facts, "--memory-mib", 400)
    assert room["total"] == sum(host["fit"] for host in room["hosts"]) > 0
    assert ask(capsys, "rolling", "--facts", facts, "--host", "a")["goal"] == "rolling"


def test_the_version_is_that_of_collection_and_distribution(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One number in three places."""
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    number = capsys.readouterr().out.removeprefix("drover ").strip()
    assert f'version = "{number}"' in (ROOT / "pyproject.toml").read_text()
    assert f"version: {number}\n" in (ROOT / "galaxy.yml").read_text()


def test_the_help_tells_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever writes a script need not look them up elsewhere."""
    with pytest.raises(SystemExit):
        main(["--help"])
    told = capsys.readouterr().out
    for code, what in (
        ("0", "done"),
        ("2", "a file, an option"),
        ("3", "there is no plan"),
        ("130", "interrupted"),
    ):
        assert re.search(rf"^ +{code} +{what}", told, re.MULTILINE), told


def test_the_shell_completes(tmp_path: Path) -> None:
    """Commands and options, by the library argcomplete."""
    pytest.importorskip("argcomplete")
    line = "drover exp"
    out = tmp_path / "words"
    environment = {
        "_ARGCOMPLETE": "1", "COMP_LINE": line, "COMP_POINT": str(len(line)), "_ARGCOMPLETE_STDOUT_FILENAME": str(out),
        "PATH": "/usr/bin:/bin",
    }  # fmt: skip
    subprocess.run([sys.executable, "-m", "planner"], cwd=ROOT, env=environment, check=False)
    assert out.read_text().split() == ["explain"]


def test_reports_are_written(
    facts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`drover report` writes the page for its owner alone, and refuses another file for a journal."""
    plan, page = tmp_path / "plan.json", tmp_path / "plan.html"
    main(
        [
            "plan",
            "--facts",
            str(facts),
            "--goal",
            "evacuate",
            "--host",
            "a",
            "--out",
            str(plan),
            "--quiet",
        ]
    )
    assert main(["report", str(plan), "--out", str(page)]) == 0
    assert "1 migration empties a." in page.read_text()
    assert page.stat().st_mode & 0o777 == 0o600
    assert main(["report", str(plan), "--journal", str(plan), "--out", str(page)]) == 2
    assert "is not the journal of an execution" in capsys.readouterr().err
