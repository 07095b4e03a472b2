# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What extensions/awx/configure.yml makes, by the real awx.awx modules, whose argument specs judge every task."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.unit.awx.api import Awx

ROOT = Path(__file__).parents[3]
PROJECT = ROOT / "extensions" / "awx"
COMMANDS = Path(sys.executable).parent
# What SECURITY.md keeps from people without the inventory's rights; the rest is harmless.
HARMLESS = {
    "drover_hosts",
    "drover_reason",
    "drover_deadline",
    "drover_return",
    "drover_aggressiveness",
    "drover_demand",
}

needs_modules = pytest.mark.skipif(
    not (ROOT / ".collections/ansible_collections/awx/awx").is_dir(),
    reason="scripts/setup lab brings the collection awx.awx",
)


def configured(awx: Awx, mode: str) -> str:
    """Return what the playbook says that configures an AWX, in one of the modes."""
    settings = {
        "awx_mode": mode,
        "ansible_python_interpreter": sys.executable,
        "awx_pages_folder": "/pages",
        "awx_pages_url": "https://pages.example.org",
    }
    done = subprocess.run(
        [str(COMMANDS / "ansible-playbook"), "-i", "localhost,", "configure.yml", "-e", json.dumps(settings)],
        cwd=PROJECT,
        env={
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".collections"),
            "CONTROLLER_HOST": awx.url,
            "CONTROLLER_OAUTH_TOKEN": "secret",
        },
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]
    return done.stdout


def graph(awx: Awx, workflow: str) -> dict[str, dict[str, list[str]]]:
    """Return the nodes of a workflow, and which follow on success, failure, and always."""
    number = awx.named("workflow_job_templates")[f"Drover: {workflow}"]["id"]
    kind = "workflow_job_template_nodes"
    return {
        node["identifier"]: {
            way: sorted(awx.connected(kind, node, f"{way}_nodes"))
            for way in ("success", "failure", "always")
        }
        for node in awx.objects[kind]
        if node["workflow_job_template"] == number
    }


@needs_modules
@pytest.mark.slow
def test_the_night_waits_for_somebody(request: pytest.FixtureRequest) -> None:
    """Templates, surveys, graphs, schedules and notifications in the mode approve."""
    awx = Awx()
    request.addfinalizer(awx.close)
    configured(awx, "approve")

    templates = awx.named("job_templates")
    for name, template in templates.items():
        assert (PROJECT / template["playbook"]).is_file(), name
        assert not any(template.get(f"ask_{one}_on_launch") for one in ("limit", "variables")), name
        questions = {one["variable"] for one in template.get("survey_spec", {}).get("spec", [])}
        assert questions <= HARMLESS, name
        assert awx.connected("job_templates", template, "notification_templates_error"), name
    assert (
        json.loads(templates["Drover: night (approved)"]["extra_vars"])["drover_approved"] is True
    )
    assert templates["Drover: night (plan)"]["job_type"] == "check"
    report = json.loads(templates["Drover: status"]["extra_vars"])["drover_report"]
    assert report == "/pages/{{ awx_job_id }}.html"

    assert graph(awx, "night") == {
        "preflight": {"success": ["plan"], "failure": ["report"], "always": []},
        "plan": {"success": ["approval"], "failure": ["report"], "always": []},
        "approval": {"success": ["apply"], "failure": ["report"], "always": []},
        "apply": {"success": ["power"], "failure": ["put right"], "always": []},
        "power": {"success": ["report"], "failure": ["capacity"], "always": []},
        "put right": {"success": [], "failure": [], "always": ["capacity"]},
        "capacity": {"success": [], "failure": [], "always": ["report"]},
        "report": {"success": [], "failure": [], "always": []},
    }
    assert graph(awx, "maintenance")["apply"]["failure"] == ["restore"]
    injected = awx.named("credential_types")["Drover BMC"]["injectors"]["extra_vars"]
    assert injected["vault_bmc_password"] == "{{ password }}"
    on = {name: item["enabled"] for name, item in awx.named("schedules").items()}
    assert on == {"Drover: night": True, "Drover: morning": True, "Drover: power saving": False}


@needs_modules
@pytest.mark.slow
@pytest.mark.parametrize(
    ("mode", "follows", "on"), [("automatic", "apply", True), ("manual", "approval", False)]
)
def test_one_setting_decides_who_is_asked(
    request: pytest.FixtureRequest, mode: str, follows: str, on: bool
) -> None:
    """No approval is left beside the graph, where it would be waited for all the same."""
    awx = Awx()
    request.addfinalizer(awx.close)
    configured(awx, mode)
    for workflow in ("night", "maintenance"):
        nodes = graph(awx, workflow)
        assert nodes["plan"]["success"] == [follows]
        assert ("approval" in nodes) == (follows == "approval")
    assert {item["enabled"] for item in awx.objects["schedules"]} == {on}


def test_every_playbook_of_the_project_is_one_line() -> None:
    """It imports the one of the same name, so that nothing can differ."""
    for path in (PROJECT / "playbooks").glob("*.yml"):
        [play] = yaml.safe_load(path.read_text())
        assert play["ansible.builtin.import_playbook"] == f"drover.libvirt.{path.stem}"
        assert set(play) == {"name", "ansible.builtin.import_playbook"}
        assert (ROOT / "playbooks" / path.name).is_file()


def test_ansible_builder_takes_the_execution_environment(tmp_path: Path) -> None:
    """It writes what an image is built from."""
    done = subprocess.run(
        [str(COMMANDS / "ansible-builder"), "create", "-f", "execution-environment.yml", "-c", str(tmp_path)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "drover.libvirt" in (tmp_path / "_build" / "requirements.yml").read_text()
    assert "pyghmi" in (tmp_path / "_build" / "requirements.txt").read_text()
