# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection's archive: what is in it, and that it depends on nothing but the files."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import tarfile
from pathlib import Path

import pytest

from scripts.release import build_collection, judged

ROOT = Path(__file__).parents[3]
EPOCH = 1_764_000_000
SHIPPED = {
    "CHANGELOG.rst", "CODE_OF_CONDUCT.md", "CONTRIBUTING.md", "FILES.json", "LICENSE", "MANIFEST.json", "README.md",
    "SECURITY.md", "bindep.txt", "changelogs", "docs", "extensions", "meta", "planner", "playbooks", "plugins",
    "pyproject.toml", "requirements.txt", "roles", "tests",
}  # fmt: skip


@pytest.fixture(scope="module")
def tracked() -> set[str]:
    """Return the names of all files that git knows, and that are there."""
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return {name for name in listed.stdout.splitlines() if (ROOT / name).is_file()}


@pytest.fixture(scope="module")
def archive(tracked: set[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the collection from the tracked files."""
    folder = tmp_path_factory.mktemp("release")
    tree = folder / "tree"
    for name in tracked:
        place = tree / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes((ROOT / name).read_bytes())
    return build_collection(tree, folder, EPOCH)


def names(archive: Path) -> list[str]:
    """Return the files of an archive, without folders, in their order."""
    with tarfile.open(archive) as opened:
        return [member.name for member in opened if member.isfile()]


def test_only_what_users_need_is_shipped(archive: Path) -> None:
    """No tests but their configuration, which tells ansible-test the Pythons; no tools of the tree."""
    shipped = names(archive)
    assert {name.split("/")[0] for name in shipped} == SHIPPED
    assert [name for name in shipped if name.startswith("tests/")] == ["tests/config.yml"]
    assert "docs/conf.py" not in shipped


def test_all_that_runs_is_shipped(archive: Path, tracked: set[str]) -> None:
    """Also the planner's data."""
    running = {
        name
        for name in tracked
        if name.startswith(("extensions/", "meta/", "planner/", "playbooks/", "plugins/", "roles/"))
    }
    assert running <= set(names(archive))


def test_what_the_readme_links_to_is_shipped(archive: Path) -> None:
    """It is the page that Galaxy shows."""
    pictures = {"docs/pictures/evacuate-done.svg", "docs/pictures/plan-light.png"}
    assert pictures <= set(names(archive))


def test_other_times_and_another_order_make_the_same_bytes(tmp_path: Path) -> None:
    """Two trees with the same files, written in opposite order, years apart."""
    files = (
        "galaxy.yml",
        "README.md",
        "LICENSE",
        "plugins/a.py",
        "plugins/b.py",
        "roles/c/tasks/main.yml",
    )
    made = []
    for folder, order, time in (
        (tmp_path / "one", files, 1),
        (tmp_path / "two", files[::-1], 2_000_000_000),
    ):
        for name in order:
            place = folder / "tree" / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(
                (ROOT / name).read_text()
                if name in ("galaxy.yml", "README.md", "LICENSE")
                else name
            )
            os.utime(place, (time, time))
        made.append(build_collection(folder / "tree", folder, EPOCH).read_bytes())
    assert made[0] == made[1]


def test_the_checksums_in_it_are_right(archive: Path) -> None:
    """Ansible refuses an archive otherwise."""
    with tarfile.open(archive) as opened:
        contents = {
            member.name: opened.extractfile(member).read() for member in opened if member.isfile()
        }  # type: ignore[union-attr]
    manifest = json.loads(contents["MANIFEST.json"])
    listed = contents["FILES.json"]
    assert manifest["file_manifest_file"]["chksum_sha256"] == hashlib.sha256(listed).hexdigest()
    for entry in json.loads(listed)["files"]:
        if entry["ftype"] == "file":
            assert entry["chksum_sha256"] == hashlib.sha256(contents[entry["name"]]).hexdigest()


def test_what_nobody_looked_up_does_not_pass_for_sound() -> None:
    """pip-audit ends with success where a mirror of PyPI knows none of the parts."""
    report = {
        "dependencies": [
            {"name": "jinja2", "version": "3.0", "vulns": [{"id": "CVE-1"}, {"id": "CVE-2"}]},
            {"name": "numpy", "version": "2.4", "vulns": []},
            {"name": "highspy", "skip_reason": "Dependency not found on PyPI"},
            {"name": "drover-planner", "skip_reason": "Dependency not found on PyPI"},
        ]
    }
    vulnerable, skipped = judged(report)
    assert vulnerable == ["jinja2 3.0 has known vulnerabilities: CVE-1, CVE-2"]
    assert skipped == ["highspy"]
