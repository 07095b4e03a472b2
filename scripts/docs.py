# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the documentation site in build/docs/html (make docs). A warning, such as a broken link, is an error."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts.reference import pages

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build" / "docs"
SOURCE = BUILD / "source"
HTML = BUILD / "html"
TOOLS = Path(sys.executable).parent

# What documents are, and what they link to, at the places that they have in the tree.
COPIED = (
    "README.md", "SECURITY.md", "CONTRIBUTING.md", "CODE_OF_CONDUCT.md", "CHANGELOG.rst", "LICENSE", "docs", "meta",
    "planner/schemas",
)  # fmt: skip
# Where antsibull-docs points into Ansible's own documentation: its label there, what it is called, and its address.
ANSIBLE = (
    ("action_plugins", "Action plugins", "plugins/action.html"),
    ("callback_plugins", "Callback plugins", "plugins/callback.html"),
    (
        "common_return_values",
        "Common return values",
        "reference_appendices/common_return_values.html",
    ),
    ("ansible_configuration_settings", "Ansible's settings", "reference_appendices/config.html"),
)
ANSIBLE_VARIABLES = ("ANSIBLE_STDOUT_CALLBACK",)
ANSIBLE_SITE = "https://docs.ansible.com/ansible/latest"
FRONT = '<meta http-equiv="refresh" content="0; url=docs/index.html">\n'


def main() -> int:
    """Return the exit code of Sphinx."""
    shutil.rmtree(BUILD, ignore_errors=True)
    _copy()
    reference = SOURCE / "reference"
    reference.mkdir()
    for name, text in pages().items():
        (reference / name).write_text(text, encoding="utf-8")
    (reference / "ansible.rst").write_text(_ansible_terms(), encoding="utf-8")
    _document_plugins(reference / "plugins")
    _add_contents()
    return _run_sphinx()


def _copy() -> None:
    for name in COPIED:
        place = SOURCE / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(
                ROOT / name, place, ignore=shutil.ignore_patterns("__pycache__", "*.py")
            )
        else:
            shutil.copy(ROOT / name, place)
    (SOURCE / "front").mkdir()
    (SOURCE / "front" / "index.html").write_text(FRONT, encoding="utf-8")


def _document_plugins(folder: Path) -> None:
    """Let antsibull-docs write a page for each plugin and role, with an index."""
    folder.mkdir(mode=0o700)
    subprocess.run(
        [
            str(TOOLS / "antsibull-docs"), "collection", "--use-current", "--squash-hierarchy", "--fail-on-error",
            "--no-add-antsibull-docs-version", "--dest-dir", str(folder), "drover.libvirt",
        ],
        env={**_environment(), "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".collections")},
        check=True,
    )  # fmt: skip


def _ansible_terms() -> str:
    """Return a page with links for Ansible's own terms, so that no build asks its site for them."""
    text = "Terms of Ansible\n================\n\n"
    for label, title, address in ANSIBLE:
        text += f".. _{label}:\n\n{title}\n{'-' * len(title)}\n\n{ANSIBLE_SITE}/{address}\n\n"
    return text + "".join(
        f".. envvar:: {name}\n\n   Read by Ansible.\n\n" for name in ANSIBLE_VARIABLES
    )


def _add_contents() -> None:
    """Put the tables of contents for Sphinx's navigation behind the pages that list links for people."""
    index = SOURCE / "docs" / "index.md"
    text = index.read_text(encoding="utf-8")
    sections = re.split(r"^\*\*(.+)\*\*$", text, flags=re.MULTILINE)[1:]
    trees = []
    for caption, part in zip(sections[::2], sections[1::2], strict=True):
        links = re.findall(r"\]\(([^)#]+)\.(?:md|rst)\)", part)
        if caption == "Look up":
            links += _reference_pages()
        trees.append(_contents(links, caption))
    index.write_text("\n".join([text, *trees]), encoding="utf-8")
    decisions = SOURCE / "docs" / "decisions" / "README.md"
    names = sorted(path.stem for path in decisions.parent.glob("0*.md"))
    decisions.write_text(decisions.read_text(encoding="utf-8") + _contents(names), encoding="utf-8")


def _reference_pages() -> list[str]:
    generated = (f"../reference/{Path(name).stem}" for name in (*pages(), "ansible.rst"))
    return ["Modules and roles <../reference/plugins/index>", *generated]


def _contents(links: list[str], caption: str = "") -> str:
    """Return a table of contents; one with a caption is for the navigation only."""
    options = f":hidden:\n:caption: {caption}\n" if caption else ""
    return "\n```{{toctree}}\n{0}\n{1}\n```\n".format(options, "\n".join(links))


def _run_sphinx() -> int:
    command = [
        *(sys.executable, "-m", "sphinx", "--builder", "html", "--quiet", "--jobs", "2"),
        *("--fail-on-warning", "--keep-going", "--conf-dir", str(ROOT / "docs")),
        *("--define", f"html_extra_path={SOURCE / 'front'}"),
        *("--doctree-dir", str(BUILD / "doctrees"), str(SOURCE), str(HTML)),
    ]
    return subprocess.run(command, env=_environment(), check=False).returncode


def _environment() -> dict[str, str]:
    return {**os.environ, "PATH": f"{TOOLS}:{os.environ['PATH']}"}


if __name__ == "__main__":
    sys.exit(main())
