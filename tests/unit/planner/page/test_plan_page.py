# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The page of a plan: what it shows, that nothing from outside becomes markup, and how large it gets."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest

from planner.errors import InputError
from planner.page.execution import read_journal, real_times
from planner.page.plan import plan_page
from planner.pipeline import make_plan
from tests.unit.planner.builders import TIGHT, cluster, domain, evacuation, host, policy, rule
from tests.unit.planner.page.reading import Element, island_of, parsed

FACTS = cluster(a={"web": 400, "db": 300}, b={}, c={"big": 700})

HOSTILE = [
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "<!--<script>",
    "a'b`{{7*7}}{% raw %}${1}",
    "line\nbreak\x1b[2J\u202eback\u2028end",
    "&lt;b&gt;&amp;",
    "]]></style>",
]
"""Names that would end what they stand in, run, hide or turn text around."""


def page_of(plan: dict[str, Any], outcomes: Any = ()) -> Element:
    """Return the page of a plan, as a tree."""
    return parsed(plan_page(plan, outcomes))


def outcome(step: dict[str, Any], what: str = "moved", **more: Any) -> dict[str, Any]:
    """Return what became of a step."""
    names = ("id", "domain", "source", "destination")
    return {**{name: step[name] for name in names}, "outcome": what, "reason": "", **more}


def test_what_a_plan_does() -> None:
    """The sentence of the plan is the heading, each step a row, each host a row with its VMs before and after."""
    plan = make_plan(FACTS, TIGHT, evacuation("a"))
    page = page_of(plan)
    [heading] = page.all("h1")
    assert heading.text == plan["message"]
    moves = page.one("step-table").rows()
    assert [row[1:4] for row in moves] == [
        [step["domain"], step["source"], step["destination"]] for step in plan["steps"]
    ]
    hosts = {row[0]: row[1:] for row in page.one("host-table").rows()}
    assert hosts["a to be emptied"][:2] == ["2 → 0", "0.7 → 0 of 1 GiB 0 %"]
    assert "Proved: no other placement costs less." in page.text
    assert not [element for element in page.walk() if element.attributes.get("id") == "outcome"]


def test_why_not_there() -> None:
    """For each VM the reasons against the other hosts are in the page, for its script."""
    plan = make_plan(FACTS, TIGHT, evacuation("a"))
    island = island_of(page_of(plan))
    words = island["words"]
    told = {
        words[int(domain)]: {
            words[numbers[i]]: words[numbers[i + 1]] for i in range(0, len(numbers), 2)
        }
        for domain, numbers in island["why"].items()
    }
    assert told == plan["explanations"]
    gone, come, stay = (
        [words[number] for number in numbers] for numbers in island["hosts"][str(words.index("a"))]
    )
    assert (gone, come, stay) == (["db", "web"], [], [])


def test_rules_and_what_becomes_of_them() -> None:
    """A rule that the plan repairs, and one that it leaves broken, say so, with the sentences of the plan."""
    facts = cluster(a={"x": 100, "y": 100}, b={}, c={"z": 100})
    facts["domains"][2]["blockers"] = [{"code": "hostdev", "message": "It uses a host device."}]
    rules = [
        {**rule("anti_affinity", ["x", "y"]), "name": "apart"},
        {**rule("host_affinity", ["z"], hosts=["a"]), "name": "home"},
    ]
    plan = make_plan(facts, policy(*rules), {"goal": "repair"})
    found = {row[1]: (row[0], row[-1]) for row in page_of(plan).all("section")[-2].rows()}
    assert found["apart"][0] == "repaired"
    assert found["home"][0] == "broken as before"
    assert "After: " in found["home"][1]
    assert found["limits of hosts"][0] == "holds"
    by_name = {entry["name"]: entry for entry in plan["rules"]}
    assert by_name["apart"]["before"]["amount"] > by_name["apart"]["after"]["amount"] == 0


def test_watts_are_predicted() -> None:
    """At a quarter of its load a host draws a quarter of the way from idle to busy; one that may sleep draws none."""
    power = {"idle_w": 100, "busy_w": 200}
    facts = {
        "hosts": [host("a", 1000, 16, power=power), host("b", 1000, 16, power=power)],
        "domains": [domain("x", "a", cpu_usage=4.0), domain("y", "b", cpu_usage=0.0)],
    }
    plan = make_plan(facts, TIGHT, {"goal": "consolidate"})
    watts = {
        entry["name"]: (entry["before"]["watts"], entry["after"]["watts"])
        for entry in plan["hosts"]
    }
    assert watts == {"a": (125.0, 0.0), "b": (100.0, 125.0)}
    assert "Predicted draw: 225 W before, 125 W after, 100 W less." in page_of(plan).text


def test_what_became_of_it() -> None:
    """What went wrong stands at the top with its remedy; the timeline has real times beside the planned."""
    plan = make_plan(FACTS, TIGHT, evacuation("a"))
    first, second = plan["steps"]
    page = page_of(
        plan,
        [
            outcome(first, downtime_ms=83.2, duration_s=4.0, started_at=1000.0, ended_at=1004.0),
            outcome(second, "not_moved", reason="It did not converge. Give it more time."),
        ],
    )
    told = page.one("outcome").text
    assert "1 moved1 stayed" in told
    assert (
        f"{second['domain']} stayed a → {second['destination']}It did not converge. Give it more time."
        in told
    )
    assert "Longest downtime83 ms" in page.one("summary").text
    bars = [r for r in page.one("time").all("rect") if "real" in r.attributes.get("class", "")]
    assert [rect.attributes["class"] for rect in bars] == ["real good"]


@pytest.mark.parametrize("name", HOSTILE)
def test_names_never_become_markup(name: str) -> None:
    """Whatever a VM, a host, a rule or a reason is called, the page has the elements of one with plain names."""

    def page(vm: str, at: str, reason: str) -> Element:
        facts = {
            "hosts": [host(at), host("b"), host("c")],
            "domains": [domain(vm, at, 400), domain("other", at, 300), domain("stuck", "b", 10)],
        }
        facts["domains"][2]["blockers"] = [{"code": "x", "message": reason, "remedy": reason}]
        rules = policy({**rule("anti_affinity", [vm, "other"]), "name": reason})
        plan = make_plan(facts, rules, evacuation(at))
        results = [
            outcome(step, "not_moved", reason=reason, warnings=[reason]) for step in plan["steps"]
        ]
        return page_of(plan, results)

    def shape(tree: Element) -> list[tuple[str, list[str]]]:
        return [(element.tag, sorted(element.attributes)) for element in tree.walk()]

    hostile = page(name, f"a{name}", name)
    assert shape(hostile) == shape(page("plain", "aplain", "plain"))
    shown = name.encode("unicode_escape").decode() if not name.isprintable() else name
    assert (
        shown in [row[1] for row in hostile.one("step-table").rows()]
        or " ".join(shown.split()) in hostile.text
    )
    assert not set(hostile.raw.replace("\n", "")) & set("\x1b\u202e\u2028")


def test_nothing_comes_from_elsewhere_and_nothing_else_runs() -> None:
    """The page names no address, and lets the browser run its own script alone, known by its hash."""
    text = plan_page(make_plan(FACTS, TIGHT, evacuation("a")))
    page = parsed(text)
    [rules] = [m.attributes["content"] for m in page.all("meta") if "http-equiv" in m.attributes]
    script = page.all("script")[-1].raw
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in rules
    assert "default-src 'none'" in rules
    assert "http" not in text.replace("http-equiv", "")
    for element in page.walk():
        assert not {"src", "style"} & set(element.attributes), element
        assert not [name for name in element.attributes if name.startswith("on")], element
        assert element.attributes.get("href", "#").startswith("#"), element


def test_everybody_can_read_it() -> None:
    """The page has a language, one heading and one main part, and a name for all that can be scrolled or typed into."""
    page = page_of(make_plan(FACTS, TIGHT, evacuation("a")))
    [html] = page.all("html")
    assert html.attributes["lang"] == "en"
    assert len(page.all("main")) == len(page.all("h1")) == 1
    for element in page.walk():
        if element.attributes.get("tabindex") == "0":
            assert element.attributes["aria-label"]
            assert element.attributes["role"] == "region"
        if element.tag == "svg":
            assert element.attributes.get("aria-hidden") or element.attributes.get("aria-label"), (
                element
            )
        if element.tag == "th":
            assert element.attributes["scope"] in ("col", "row")
    labelled = [label for label in page.all("label") if label.all("input")]
    assert len(labelled) == len(page.all("input"))
    ids = [element.attributes["id"] for element in page.walk() if "id" in element.attributes]
    assert len(ids) == len(set(ids))
    for link in page.all("a"):
        assert link.attributes["href"][1:] in ids


def test_a_plan_that_moves_nothing() -> None:
    """There is no empty picture, table or heading."""
    page = page_of(make_plan(FACTS, TIGHT, {"goal": "repair"}))
    assert [heading.text for heading in page.all("h2")] == [
        "Hosts before and after",
        "Rules and limits",
        "About this plan",
    ]


def test_a_plan_of_many_moves_stays_small() -> None:
    """200 hosts and 2000 migrations: below 3 MB, with a matrix for ribbons, and rows of the timeline shared."""
    text = plan_page(*large())
    assert len(text.encode()) < 3_000_000
    page = parsed(text)
    assert len(page.one("step-table").rows()) == 2000
    assert [svg for svg in page.all("svg") if svg.attributes.get("class") == "matrix"]
    assert "packed" in page.one("time").all("div")[1].attributes["class"]


def large() -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return a plan of 200 hosts and 2000 migrations, and what became of it."""
    names = [f"kvm{number:03}" for number in range(200)]
    few = make_plan(cluster(a={"x": 100}, b={}), TIGHT, evacuation("a"))
    [step], [entry, _other] = few["steps"], few["hosts"]
    steps = [
        {
            **step,
            "id": f"{number}-{number:08x}",
            "domain": f"production-web-{number:04}",
            "source": names[number % 100],
            "destination": names[100 + number * 7 % 100],
            "start_s": number // 100 * 30.0,
            "finish_s": number // 100 * 30.0 + 28.0,
            "reason": "takes load from one host to another",
        }
        for number in range(2000)
    ]
    by_host: dict[str, list[str]] = {
        name: [f"stays-{name}-{k}" for k in range(15)] for name in names
    }
    hosts = [
        {
            **entry,
            "name": name,
            "before": {
                **entry["before"],
                "domains": by_host[name] + [s["domain"] for s in steps if s["source"] == name],
            },
            "after": {
                **entry["after"],
                "domains": by_host[name] + [s["domain"] for s in steps if s["destination"] == name],
            },
        }
        for name in names
    ]
    plan = {
        **few,
        "steps": steps,
        "hosts": hosts,
        "explanations": {},
        "waves": [[s["id"] for s in steps[k : k + 100]] for k in range(0, 2000, 100)],
        "makespan_s": 598.0,
    }
    results = [
        outcome(
            s,
            duration_s=28.0,
            downtime_ms=80.0,
            started_at=1e9 + s["start_s"],
            ended_at=1e9 + s["finish_s"] + 1,
        )
        for s in steps
    ]
    return plan, results


def journal(*events: dict[str, Any]) -> str:
    """Return the text of a journal."""
    return "".join(json.dumps(event) + "\n" for event in events)


def test_a_journal_is_read() -> None:
    """Steps have the times of the journal; one that has only begun is under way until the last event."""
    step = {"domain": "x", "source": "a", "destination": "b"}
    text = journal(
        {"event": "execution_started", "at": 99.0, "steps": 2},
        {"event": "migration_started", "at": 100.0, "id": "1", **step},
        {"event": "progress", "at": 101.0, "id": "1", "domain": "x", "percent": 40.0},
        {
            "event": "migration_ended",
            "at": 104.5,
            "id": "1",
            **step,
            "outcome": "moved",
            "reason": "",
            "downtime_ms": 12,
        },
        {"event": "migration_started", "at": 104.6, "id": "2", **step},
    )
    found = read_journal(text + '{"event": "migration_en', "journal.jsonl")
    assert [(entry["outcome"], entry.get("downtime_ms")) for entry in found] == [
        ("moved", 12),
        ("under_way", None),
    ]
    assert real_times(found) == {"1": (0.0, 4.5), "2": (4.6, 4.6)}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is not the journal of an execution"),
        ('{"version": 1}\n', "is not the journal of an execution"),
        (journal({"event": "migration_ended", "id": "1"}), "lacks"),
        (
            journal(
                {
                    "event": "migration_ended",
                    "id": 1,
                    "domain": "x",
                    "source": "a",
                    "destination": "b",
                    "outcome": "moved",
                    "reason": "",
                }
            ),
            "is not a text",
        ),
    ],
)
def test_what_is_no_journal_is_refused(text: str, told: str) -> None:
    """Files come from anybody."""
    with pytest.raises(InputError, match=told):
        read_journal(text, "file")
