# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the documents tell people to type can be typed, and what they point to is there."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from ansible.cli.playbook import PlaybookCLI
from ansible_collections.drover.libvirt.planner.cluster.parse import parse_cluster
from ansible_collections.drover.libvirt.planner.commands.drover import _parser
from ansible_collections.drover.libvirt.planner.policy.parse import parse_policies
from ansible_collections.drover.libvirt.plugins.plugin_utils._operator_variables import (
    known_variables,
)

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(
    path
    for pattern in (
        "*.md",
        "docs/*.md",
        "docs/decisions/*.md",
        "roles/*/README.md",
        "tests/lab/README.md",
    )
    for path in ROOT.glob(pattern)
)
KNOWN = known_variables(ROOT)
WORDS_OF_THE_README = 800
NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
PLACEHOLDERS = {"PLAYBOOK": "evacuate", "COMMAND": "plan"}


@dataclass(frozen=True)
class Block:
    """A part of a document between fences.

    Parameters
    ----------
    place
        File and line.
    language
        What is written behind the fence.
    text
        Its lines.
    """

    place: str
    language: str
    text: str

    def commands(self) -> Iterator[list[str]]:
        """Yield the words of the lines that are commands of Drover, without comments."""
        for line in self.text.replace("\\\n", " ").splitlines():
            found = re.match(r"\$? *(drover .+)", line) or re.search(r"(ansible-playbook .+)", line)
            if found:
                yield shlex.split(found[1], comments=True)


def _relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _blocks(path: Path) -> Iterator[Block]:
    text = path.read_text(encoding="utf-8")
    for found in re.finditer(r"^( *)```(\w*)\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL):
        line = text.count("\n", 0, found.start()) + 1
        yield Block(f"{_relative(path)}:{line}", found[2], found[3])


BLOCKS = [block for path in DOCUMENTS for block in _blocks(path)]
COMMANDS = [
    pytest.param(words, id=f"{block.place} {' '.join(words)[:60]}")
    for block in BLOCKS
    for words in block.commands()
]


@pytest.mark.parametrize("words", COMMANDS)
def test_a_command_can_be_typed(words: list[str]) -> None:
    """The real parsers take it: the options exist, the playbook exists, and its variables are known."""
    if words[0] == "drover":
        assert _complaint(words[1:]) == ""
    else:
        _check_playbook(words[1:])


def _complaint(arguments: list[str]) -> str:
    """Return what the command's parser says against arguments; nothing where it takes them, or shows its help."""
    try:
        _parser().parse_args(arguments)
    except SystemExit as ended:
        return f"{shlex.join(arguments)} is refused" if ended.code != 0 else ""
    return ""


def _check_playbook(arguments: list[str]) -> None:
    cli = PlaybookCLI(["ansible-playbook", *arguments])
    cli.init_parser()
    options = cli.parser.parse_args(arguments)
    assert options.args, "no playbook is named"
    for name in options.args:
        assert (ROOT / "playbooks" / f"{name.removeprefix('drover.libvirt.')}.yml").is_file(), name
    for given in options.extra_vars:
        assert _names(given) <= KNOWN, given


def _names(extra_variables: str) -> set[str]:
    if extra_variables.startswith("@"):
        return set()  # a file, whose names the reader chooses
    if extra_variables.startswith("{"):
        return set(json.loads(extra_variables))
    return {word.partition("=")[0] for word in shlex.split(extra_variables)}


def test_a_wrong_command_would_be_seen() -> None:
    """An option, a playbook and a variable that do not exist."""
    assert _complaint(["run", "evacuate", "kvm2", "--dry-run"])
    with pytest.raises(AssertionError):
        _check_playbook(["-i", "x", "drover.libvirt.drain"])
    with pytest.raises(AssertionError):
        _check_playbook(["drover.libvirt.evacuate", "-e", "drover_host=kvm2"])
    assert len(COMMANDS) > 80


@pytest.mark.parametrize("path", DOCUMENTS, ids=_relative)
def test_commands_within_sentences_exist(path: Path) -> None:
    """They need not be complete, but the command and its options are there."""
    for mention in re.findall(r"`drover ([a-z][^`\n]*)`", path.read_text(encoding="utf-8")):
        words = [
            PLACEHOLDERS.get(word, word)
            for word in mention.replace("[", "").replace("]", "").split()
        ]
        parser = _parser()
        while words and (chosen := _commands(parser).get(words[0])):
            parser = chosen
            words.pop(0)
        assert parser.prog != "drover", mention
        options = {word.partition("=")[0] for word in words[: _end(words)] if word.startswith("--")}
        assert options <= set(parser._option_string_actions), mention


def _commands(parser: object) -> dict[str, object]:
    [*found] = [action.choices for action in parser._actions if hasattr(action, "add_parser")]  # type: ignore[attr-defined]
    return found[0] if found else {}


def _end(words: list[str]) -> int:
    return words.index("--") if "--" in words else len(words)


@pytest.mark.parametrize("path", DOCUMENTS, ids=_relative)
def test_names_of_the_collection_exist(path: Path) -> None:
    """Every drover.libvirt.NAME is a playbook, a role or a plugin."""
    for name in re.findall(
        r"(?<!collections\.)\bdrover\.libvirt\.([a-z_]+)", path.read_text(encoding="utf-8")
    ):
        places = (
            f"playbooks/{name}.yml",
            f"roles/{name}",
            *(f"plugins/{kind}/{name}.py" for kind in ("modules", "callback")),
        )
        assert any((ROOT / place).exists() for place in places), name


@pytest.mark.parametrize("path", DOCUMENTS, ids=_relative)
def test_targets_of_make_exist(path: Path) -> None:
    """So that the reader can make what he is told."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = re.findall(r"`make ([a-z0-9-]+)", path.read_text(encoding="utf-8"))
    for block in _blocks(path):
        named += re.findall(r"^make ([a-z0-9-]+)", block.text, re.MULTILINE)
    for target in named:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


@pytest.mark.parametrize("path", DOCUMENTS, ids=_relative)
def test_links_lead_somewhere(path: Path) -> None:
    """Relative links to files, and to headings in documents."""
    text = re.sub(
        r"^ *```.*?^ *```$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL
    )
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", link):
            continue
        file, _mark, heading = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        assert target.exists(), link
        if heading:
            assert heading in _headings(target), link


def _headings(path: Path) -> set[str]:
    """Return the anchors of a document's headings, as GitHub and MyST make them."""
    titles = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


POLICIES = [
    pytest.param(block.text, id=block.place)
    for block in BLOCKS
    if block.language == "yaml"
    if block.place.startswith("docs/policies.md") or block.text.startswith("# policy.yml")
]


@pytest.mark.parametrize("text", POLICIES)
def test_policies_are_valid(text: str) -> None:
    """The planner takes each, also its rules, in a cluster that has the VMs of which they speak."""
    policy = yaml.safe_load(text)
    facts = json.loads(
        (ROOT / "tests/scenarios/affinity-kept/facts.json").read_text(encoding="utf-8")
    )
    [model, *_others] = facts["domains"]
    facts["domains"] = [
        {**model, "name": name, "uuid": f"00000000-0000-0000-0000-{number:012}"}
        for number, name in enumerate(_vms(policy))
    ] or facts["domains"]
    parse_policies(policy, facts, parse_cluster(facts), NOW)


def _vms(policy: dict[str, object]) -> list[str]:
    """Return the names of VMs in lists of a policy, with a number for each star."""
    rules = policy.get("rules", [])
    lists = [names for rule in rules for names in (rule.get("domains"), *rule.get("groups", []))]  # type: ignore[attr-defined]
    return sorted(
        {name.replace("*", "1") for names in lists if isinstance(names, list) for name in names}
    )


def test_every_page_is_on_the_start_page() -> None:
    """A page that nobody finds is not written."""
    index = (ROOT / "docs" / "index.md").read_text(encoding="utf-8")
    for path in (ROOT / "docs").glob("*.md"):
        assert path.name == "index.md" or f"({path.name})" in index, path.name


def test_the_readme_is_short() -> None:
    """How to empty a host is found in a minute."""
    assert len((ROOT / "README.md").read_text(encoding="utf-8").split()) <= WORDS_OF_THE_README
