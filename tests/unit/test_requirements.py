# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the controller needs is said in several files for several tools; they agree."""

from __future__ import annotations

from pathlib import Path

import tomllib
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCK = ROOT / "meta" / "ee-lock.txt"
ENVIRONMENT = yaml.safe_load((ROOT / "meta/execution-environment.yml").read_text())
COMPATIBILITY = (ROOT / "docs/compatibility.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PYTHON = ROOT / ENVIRONMENT["dependencies"]["python"]


def requirements(path: Path) -> dict[str, Requirement]:
    """Return the requirements of a file by name."""
    lines = (line.split("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines())
    found = (Requirement(line) for line in lines if line)
    return {canonicalize_name(requirement.name): requirement for requirement in found}


def test_the_files_for_pip_and_for_execution_environments_agree() -> None:
    """Both hold what the planner's distribution declares, but PyYAML, which ansible-core brings."""
    declared = {str(Requirement(entry)) for entry in PROJECT["dependencies"]} - {"pyyaml>=6.0"}
    for path in (ROOT / "requirements.txt", PYTHON):
        assert {str(requirement) for requirement in requirements(path).values()} == declared


def test_the_lock_has_an_exact_version_for_each() -> None:
    """One that the requirement allows."""
    locked = requirements(LOCK)
    for name, requirement in requirements(PYTHON).items():
        [exact] = locked[name].specifier
        assert exact.operator == "=="
        assert requirement.specifier.contains(exact.version), name


def test_the_files_of_the_execution_environment_exist() -> None:
    """ansible-builder refuses one that is missing."""
    for path in ENVIRONMENT["dependencies"].values():
        assert (ROOT / path).is_file(), path


def test_the_compatibility_page_says_what_is_declared() -> None:
    """The oldest Ansible and Python, as Ansible, pip and ansible-test read them."""
    ansible = yaml.safe_load((ROOT / "meta/runtime.yml").read_text())["requires_ansible"]
    hosts = yaml.safe_load((ROOT / "tests/config.yml").read_text())["modules"]["python_requires"]
    for what, declared in (
        ("ansible-core", ansible.removesuffix(".0")),
        ("Python on the controller", PROJECT["requires-python"]),
        ("Python on hosts", str(hosts)),
    ):
        assert f"| {what} | {declared.removeprefix('>=')} or newer |" in COMPATIBILITY, what
