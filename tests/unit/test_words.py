# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Words and constructions that no message, document, comment or name has, each with what to write instead.

docs/glossary.md says which word is for which thing; here is what can be found by its form.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# A pattern, what to write instead, and a line that it finds.
FORBIDDEN = (
    (r"(?i)\bwhoever\b", "name the person or the process", "Whoever plans next sees it."),
    (r"(?i)\banew\b", "again", "The plan is made anew."),
    (r"(?i)\bshall\b", "must, or will", "The VM shall move."),
    (
        r"(?i)\bmend(s|ed|ing)?\b",
        "repair (rules), settle (after a dead executor), reconcile (on request), restore (a link)",
        "once the link is mended",
    ),
    (r"\bHad to\b", "say what was done: 'Resumed the VM'", "Had to resume the VM."),
    (
        r"(?i)(?<!there )\b(is|are) no "
        r"(?!more\b|longer\b|less\b|fewer\b|later\b|faster\b|smaller\b|better\b)\w+",
        "is not a ..., must be a ..., or is refused",
        "the policy is no mapping",
    ),
    (
        r"\bis none of (the|its) (hosts|groups|nodes)\b",
        "is not one of the hosts",
        "which is none of the hosts.",
    ),
    (
        r"(?i)\b(put|puts|bring|brings|bringing|brought)\b[^.:;|]{0,40}\bin order\b(?! to)",
        "settle (after a dead executor), clean up (after an interrupted migration)",
        "It brings in order what interrupted migrations left.",
    ),
    (r"(?i)\bgoes on where\b", "keeps running where", "The VM goes on where it was."),
    (r"(?i)\bdoes not go with\b", "cannot be combined with", "tls does not go with unsafe"),
    (
        r"(?i)\bway of migrating\b",
        "drover_migration, or the options of a migration",
        "check the way of migrating",
    ),
    (r"(?i)\bfor want of\b", "for lack of, or because ... ran out", "It died for want of memory."),
    (
        r"(?i)\bWho comes\b",
        "say what happens to the request",
        "Who comes with something else is told.",
    ),
    (r"(?<!as )\b[Ss]o many [a-z]", "this many, or a number", "on at most so many hosts"),
    (
        r"(?i)\b(evening\(|purse|homeless|precious)\b",
        "a noun of the glossary",
        "the most precious first",
    ),
    (r"(?i)\b(hosts?|VMs?) less,", "remove a host", "a host less, which is empty"),
)

# What was seen on real hosts is quoted, the licence is not ours, and unit tests quote broken input.
OTHERS = re.compile(r"LICENSE|docs/faults\.md|tests/data/|tests/unit/|.*\.(json\.gz|png|cast)$")


# Words of the glossary that a class may bear alone where it is that thing, and nowhere else: what else is decided,
# asked or limited says of what. A plan's hosts and limits are read on both sides of the document.
ONE_MEANING = {
    "Answer": {"plugins/plugin_utils/_answer_gate.py"},
    "Decision": set(),
    "Host": {"planner/cluster/host.py"},
    "Ledger": {"plugins/module_utils/_execution/ledger.py"},
    "Limits": {"planner/policy/policies.py", "plugins/module_utils/_execution/steps.py"},
    "Request": set(),
    "Verdict": {"plugins/module_utils/_ends/verdict.py"},
    "Guest": set(),
    "Move": set(),
    "Switchover": set(),
}


def _texts() -> dict[str, str]:
    """Return all tracked text files of the project by name."""
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    texts = {}
    for name in listed.stdout.splitlines():
        path = ROOT / name
        if not OTHERS.match(name) and path.is_file() and not path.is_symlink():
            texts[name] = path.read_text(errors="replace")
    return texts


TEXTS = _texts()


@pytest.mark.parametrize(("pattern", "instead", "example"), FORBIDDEN, ids=lambda word: word[:24])
def test_no_text_has_a_forbidden_word(pattern: str, instead: str, example: str) -> None:
    """The failure names file, line and what to write; the example shows that the pattern finds something."""
    wrong = re.compile(pattern)
    assert wrong.search(example)
    found = [
        f"{name}:{number}: {line.strip()[:120]}"
        for name, text in TEXTS.items()
        for number, line in enumerate(text.splitlines(), 1)
        if wrong.search(line)
    ]
    assert not found, f"Write instead: {instead}.\n" + "\n".join(found)


@pytest.mark.parametrize(("word", "places"), ONE_MEANING.items())
def test_a_word_has_one_meaning(word: str, places: set[str]) -> None:
    """In plugins and planner alike."""
    defined = re.compile(rf"^(class {word}\b|{word} = )", re.MULTILINE)
    found = {
        name
        for name, text in TEXTS.items()
        if name.startswith(("plugins/", "planner/")) and defined.search(text)
    }
    assert found == places
