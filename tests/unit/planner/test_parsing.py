# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files hold JSON types, or end in one sentence at once."""

from __future__ import annotations

import json
import stat
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from planner.commands.files import read_document, write_document
from planner.commands.parsing import parse
from planner.errors import InputError
from planner.pipeline import make_plan
from tests.unit.planner.builders import cluster, evacuation

BOMB = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9)
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (BOMB, "has an alias"),
        ("hosts: &h\n- *h\n", "has an alias"),
        ("x: &a {b: 1}\ny: {<<: *a}\n", "alias|<<"),
        ("x: !!set {a, b}\n", "constructor for the tag"),
        ("x: !!binary aGVsbG8=\n", "constructor for the tag"),
        ("x: !!python/object/apply:os.system [id]\n", "constructor for the tag"),
        ("x: !custom 1\n", "constructor for the tag"),
        ("5: a\n", "the key 5 is not text"),
        ("? [a]\n: b\n", "is not text"),
        ("a: 1\na: 2\n", "the key 'a' stands twice"),
        ('{"a": 1, "b": {"c": 1, "c": 2}}', "the key c twice"),
        ("[" * 100_000, "more than 40 levels"),
        ('{"a":' * 5_000, "more than 40 levels"),
        ("a: " + "[" * 60 + "]" * 60, "more than 40 levels"),
        ("a: " + "9" * 5000, "not valid YAML"),
        ("a: 0x" + "f" * 5000, "a number that no document needs"),
        ("a: 0b" + "1" * 20_000, "a number that no document needs"),
        ("a: " + ":".join(["59"] * 3000), "a number that no document needs"),
        ("a: [", "not valid YAML"),
        ('{"a": "\\ud800"}', "half of a character"),
        ('a: "\\uD800"', "half of a character|not valid YAML"),
        ("a: \x00", "not valid YAML"),
    ],
)
def test_what_no_document_has_ends_in_a_sentence(text: str, words: str) -> None:
    """Within a second: an alias of 400 bytes hung it, and brackets were a traceback."""
    began = time.monotonic()
    with pytest.raises(InputError, match=words) as told:
        parse(text, "policy.yml")
    assert time.monotonic() - began < 2
    assert "\n" not in str(told.value)
    assert len(str(told.value)) < 500


def test_a_date_is_its_text() -> None:
    """JSON knows no dates, also no wrong ones."""
    assert parse("{x: 2026-01-01, y: 2026-99-99}", "x.yml") == {
        "x": "2026-01-01",
        "y": "2026-99-99",
    }
    assert parse("a: [1, 2.5, true, null, b]", "x.yml") == {"a": [1, 2.5, True, None, "b"]}


@pytest.mark.parametrize(
    "facts",
    [
        {**cluster(a={}), "x": "\ud800"},
        {**cluster(a={}), "x": {1, 2}},
        {**cluster(a={}), "x": b"b"},
        {**cluster(a={}), "x": json.loads("[" * 60 + "]" * 60)},
    ],
)
def test_documents_given_in_place_are_json_too(facts: Any) -> None:
    """Also half of a character, which was a traceback when the plan was shown."""
    with pytest.raises(InputError):
        make_plan(facts, None, evacuation("a"))


def test_a_cyclic_document_is_refused() -> None:
    """It has no end."""
    facts: dict[str, Any] = cluster(a={})
    facts["x"] = facts
    with pytest.raises(InputError, match=r"not JSON|levels"):
        make_plan(facts, None, evacuation("a"))


@pytest.mark.parametrize("key", ["vcpus", "memory_mib"])
def test_amounts_that_no_data_centre_has_are_refused(key: str) -> None:
    """The solver ended with an IndexError."""
    facts = cluster(a={"x": 100}, b={})
    facts["hosts"][0][key] = 3 * 10**14
    with pytest.raises(InputError, match=rf"hosts\[0\]\.{key}: .* must be at most"):
        make_plan(facts, None, evacuation("a"))


def test_a_file_is_for_its_owner_and_never_written_through_a_link(tmp_path: Path) -> None:
    """Plans tell how hosts are reached; PATH.part followed links."""
    victim = tmp_path / "victim"
    victim.write_text("mine")
    for name in ("plan.json", "plan.json.part"):
        (tmp_path / name).symlink_to(victim)
    write_document(str(tmp_path / "plan.json"), {"a": 1})
    assert victim.read_text() == "mine"
    assert read_document(str(tmp_path / "plan.json")) == {"a": 1}
    assert not (tmp_path / "plan.json").is_symlink()
    assert stat.S_IMODE((tmp_path / "plan.json").stat().st_mode) == 0o600
    assert {path.name for path in tmp_path.iterdir()} == {"victim", "plan.json", "plan.json.part"}


def test_what_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    """Neither half a file nor a draft."""
    (tmp_path / "there").mkdir()
    with pytest.raises(InputError, match="Cannot write"):
        write_document(str(tmp_path / "there"), {})
    with pytest.raises(InputError, match="Cannot write"):
        write_document(str(tmp_path / "none" / "plan.json"), {})
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


def selected(expression: str) -> Any:
    """Plan with a rule whose VMs a condition selects."""
    policy = {"rules": [{"type": "stay", "name": "r", "domains": expression}]}
    return make_plan(cluster(a={"x": 100}, b={"y": 100}), policy, {"goal": "repair"})


GROWING = "[@,@,@,@,@,@,@,@,@,@]"


@pytest.mark.parametrize(
    "expression",
    [
        "avg(`[]`) > `1`",
        "vcpus > name",
        "name[::0]",
        "|".join([GROWING] * 10) + "|length(@)>`1`",
        "to_string(" * 200 + "@" + ")" * 200 + " == 'x'",
        "map(&@, values(@)) == `1`",
        "!" * 1999 + "@",
        "(" * 1900 + "@",
        "a" * 2001,
        "sum(name) > `1`",
        "abs(name) == `1`",
        "{a: @, b: @} | length(@) > `1`",
        "",
        "\ud800",
    ],
)
def test_a_condition_ends_in_a_sentence_or_a_plan(expression: str) -> None:
    """Within the blink of an eye, also where jmespath fails with errors that are not its own."""
    began = time.monotonic()
    with suppress(InputError):
        selected(expression)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "expression",
    ["contains(['x', 'z'], name)", "starts_with(name, 'x')", "labels.tier == 'db' || vcpus > `8`"],
)
def test_useful_conditions_stay_possible(expression: str) -> None:
    """Lists of values, functions and comparisons."""
    assert selected(expression)["steps"] == []
