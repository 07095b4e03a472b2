# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing from outside ends in a traceback, hangs, or is shown with characters that are none.

A short look with every test run; ``make fuzz`` looks longer (FUZZ_EXAMPLES of each kind).
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from ansible_collections.drover.libvirt.plugins.module_utils._errors import DroverError
from ansible_collections.drover.libvirt.plugins.module_utils._execution.cluster_lock import (
    read_lock,
)
from ansible_collections.drover.libvirt.plugins.module_utils._execution.events import read_event
from ansible_collections.drover.libvirt.plugins.module_utils._execution.records import (
    read_execution,
)
from ansible_collections.drover.libvirt.plugins.module_utils._execution.steps import read_work
from ansible_collections.drover.libvirt.plugins.module_utils._facts.labels import label_facts
from ansible_collections.drover.libvirt.plugins.module_utils._facts.last_migration import (
    last_migration_facts,
)
from ansible_collections.drover.libvirt.plugins.module_utils._facts.marks import parse_mark
from ansible_collections.drover.libvirt.plugins.module_utils._facts.power_marks import (
    parse_power_mark,
)
from ansible_collections.drover.libvirt.plugins.plugin_utils._answer_gate import admitted
from ansible_collections.drover.libvirt.plugins.plugin_utils._answers import Answers
from ansible_collections.drover.libvirt.plugins.plugin_utils._cluster_facts import (
    FactsMissing,
    cluster_facts,
)
from ansible_collections.drover.libvirt.plugins.plugin_utils._executions import (
    Found,
    Refused,
    decide,
)
from ansible_collections.drover.libvirt.plugins.plugin_utils._executions import (
    render as render_executions,
)
from ansible_collections.drover.libvirt.plugins.plugin_utils._planner import PlanningError
from ansible_collections.drover.libvirt.plugins.plugin_utils._planner import (
    render_status as status_of,
)
from ansible_collections.drover.libvirt.plugins.plugin_utils._progress_lines import ProgressLines
from ansible_collections.drover.libvirt.plugins.plugin_utils._suspects import suspects
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planner import errors
from planner.commands.parsing import parse
from planner.importers.ganeti import from_ganeti
from planner.importers.source import Source
from planner.importers.virsh.host import FILES, from_virsh
from planner.pipeline import make_plan
from planner.report.status import render_status
from planner.report.text import render
from planner.validity import check_plan
from planner.visible import visible
from tests.fuzz.mutation import changed, garbled
from tests.unit.planner.builders import cluster, evacuation
from tests.unit.planner.test_importers import GANETI
from tests.unit.planner.test_importers_virsh import DOMINFO, DUMPXML, LIST, NODEINFO
from tests.unit.plugins.journals import MOVE, PROGRESS
from tests.unit.plugins.plugin_utils.test_answer_gate import SOUND

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "60"))
look = settings(
    max_examples=EXAMPLES,
    deadline=20_000,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)

NOW = "2026-11-24T22:00:00+00:00"
FACTS = cluster(a={"x": 100, "y": 50}, b={"z": 100}, c={})
POLICY: dict[str, Any] = {
    "capacity": {"memory_overcommit": 1.0, "vcpu_overcommit": 4},
    "headroom": {"memory": 0.05},
    "spare_hosts": {"count": 1, "strictness": "never_worsen"},
    "limits": {"per_host": 1, "cluster": 2, "windows": [{"start": "22:00", "end": "05:00"}]},
    "cooldown": {"quiet_s": 60},
    "rules": [
        {"type": "anti_affinity", "name": "apart", "domains": ["x", "z"], "weight": 5.0},
        {"type": "stay", "name": "calm", "domains": "starts_with(name, 'q')"},
    ],
}
GOAL = {**evacuation("a"), "now": NOW, "deadline": "05:00"}
PLAN = make_plan(FACTS, None, {**evacuation("a"), "now": NOW})
EVENTS: list[Any] = [
    {"event": "execution_started", "at": 1.0, "steps": 1, "owner": "ann", "purpose": "balance"},
    {"event": "migration_started", "at": 2.0, **MOVE, "uuid": "u"},
    {"event": "progress", "at": 3.0, "id": "m1", "domain": "a", **PROGRESS},
    {"event": "migration_ended", "at": 4.0, **MOVE, "outcome": "moved", "reason": ""},
    {"event": "execution_ended", "at": 5.0},
]
MARK = {"maintenance": True, "at": NOW, "by": "ann", "reason": "", "evacuated": [{"name": "x"}]}
POWER_MARK = {"state": "asleep", "at": NOW, "since": NOW, "facts": {"vcpus": 1}}
LOCK = {"execution": "e1", "coordinator": "h", "owner": "ann", "purpose": "p", "since_s": 1.0}
YAML = "rules:\n- {type: stay, domains: [x], name: r}\nlimits:\n  per_host: 1\n  windows: []\n"


def is_ours(error: Exception) -> None:
    """Make sure that an error has a sentence of its own and no line break that somebody else put there."""
    assert str(error).strip()
    assert visible(str(error)).isprintable()


def is_clean(text: str) -> None:
    """Make sure that a text shows nothing but characters."""
    assert all(line.isprintable() for line in text.split("\n"))


@look
@given(facts=changed(FACTS), goal=st.sampled_from(["evacuate", "balance", "repair"]))
def test_facts(facts: Any, goal: str) -> None:
    """A plan or a sentence, and a table or a sentence."""
    try:
        asked = {"goal": goal, "now": NOW, **({"hosts": ["a"]} if goal == "evacuate" else {})}
        is_clean(render(make_plan(facts, None, asked)))
    except errors.PlanningError as error:
        assert not isinstance(error, errors.PlanRejected), error  # noqa: PT017
        is_ours(error)
    try:
        is_clean(render_status(facts))
    except errors.PlanningError as error:
        is_ours(error)


@look
@given(policy=changed(POLICY), goal=changed(GOAL))
def test_policy_and_goal(policy: Any, goal: Any) -> None:
    """A plan or a sentence."""
    try:
        is_clean(render(make_plan(FACTS, policy, goal)))
    except errors.PlanningError as error:
        is_ours(error)


@look
@given(plan=changed(PLAN))
def test_plan(plan: Any) -> None:
    """A plan that was changed never runs, and the executor itself refuses what it cannot read."""
    try:
        checked = check_plan(plan, FACTS, None, NOW)
    except errors.PlanningError as error:
        is_ours(error)
    else:
        assert checked["plan_digest"] == PLAN["plan_digest"]
    try:
        read_work(plan)
    except DroverError as error:
        is_ours(error)


@look
@given(data=st.data(), module=st.sampled_from(sorted(SOUND)))
def test_answers(data: st.DataObject, module: str) -> None:
    """What a host answers is admitted, or costs that host."""
    answer = admitted(module, "kvm3", data.draw(changed(SOUND[module])))
    if answer.get("refused"):
        assert "The answer of kvm3 is not one of the module" in answer["msg"]
    elif module == "execution_info" and "executions" in answer:
        found = Found({"kvm3": answer})
        is_clean(render_executions(found))
        try:
            decide(found, "balance", break_lock=False)
        except Refused as error:
            is_ours(error)
    elif module == "host_info" and "host" in answer:
        hosts = {"kvm3": {"info": answer}}
        answers = Answers({"groups": {"kvm": ["kvm3"]}, "hostvars": hosts}, {"host_info": "info"})
        try:
            facts = cluster_facts(answers, "kvm")
            suspects(facts)
            is_clean(status_of(facts))
        except (FactsMissing, PlanningError) as error:
            is_ours(error)


@look
@given(events=changed(EVENTS, 4), cut=st.integers(0, 400))
def test_journal(tmp_path: Path, events: Any, cut: int) -> None:
    """A damaged journal is read as far as it is one, and shown."""
    lines = [json.dumps(event) for event in (events if isinstance(events, list) else [events])]
    text = "\n".join(lines)[: -cut or None]
    (tmp_path / "journal.jsonl").write_text(text)
    json.dumps(read_execution(str(tmp_path)).document(10.0))
    shown = ProgressLines(1)
    for event in filter(None, map(read_event, text.split("\n"))):
        is_clean(shown.line(event))


@look
@given(
    mark=changed(MARK).map(json.dumps) | garbled(json.dumps(MARK)),
    power=changed(POWER_MARK).map(json.dumps) | garbled(json.dumps(POWER_MARK)),
)
def test_marks(mark: str, power: str) -> None:
    """A mark or a ValueError, which the readers of the files turn into a sentence."""
    for text, read in ((mark, parse_mark), (power, parse_power_mark)):
        try:
            read(text)
        except ValueError as error:
            is_ours(error)


@look
@given(text=changed(LOCK).map(json.dumps) | garbled(json.dumps(LOCK)))
def test_lock(tmp_path: Path, text: str) -> None:
    """A lock, none, or a sentence that names the file."""
    (tmp_path / "cluster-lock.json").write_text(text, errors="replace")
    try:
        lock = read_lock(str(tmp_path))
    except DroverError as error:
        assert "cluster-lock.json" in str(error)  # noqa: PT017
    else:
        assert lock is None or lock.document(2.0)["execution"] == lock.execution


@look
@given(text=garbled(YAML) | garbled(json.dumps(POLICY)))
def test_text(text: str) -> None:
    """A document of JSON types, or a sentence."""
    try:
        json.dumps(parse(text, "policy.yml"))
    except errors.InputError as error:
        is_ours(error)


@look
@given(text=garbled(GANETI))
def test_ganeti(text: str) -> None:
    """Facts, or a sentence with the line."""
    try:
        from_ganeti(Source("cluster.data", text))
    except errors.InputError as error:
        is_ours(error)


VIRSH = dict(zip(FILES, (NODEINFO, LIST, DOMINFO, DUMPXML), strict=False))


@look
@given(data=st.data(), name=st.sampled_from(sorted(VIRSH)))
def test_virsh(data: st.DataObject, name: str) -> None:
    """Facts, or a sentence with the file."""
    texts = {**VIRSH, name: data.draw(garbled(VIRSH[name]))}
    try:
        from_virsh({"h": {file: Source(file, text) for file, text in texts.items()}})
    except errors.InputError as error:
        is_ours(error)


METADATA = """<domain><metadata>
<drover:domain xmlns:drover="https://drover.dev/xmlns/domain/1"><drover:label name="tier" value="gold"/>
<drover:priority value="3"/></drover:domain>
<m:migration xmlns:m="https://drover.dev/xmlns/migration/1" at="2026-11-24T22:30:00+00:00" failed="no"/>
</metadata></domain>"""


@look
@given(text=garbled(METADATA))
def test_metadata(text: str) -> None:
    """Whatever a tenant writes that is XML: the plans of the others go on."""
    try:
        domain = ElementTree.fromstring(text)
    except ElementTree.ParseError:
        return
    facts = cluster(a={"x": 100, "y": 50}, b={"z": 100}, c={})
    facts["domains"][0].update(label_facts(domain), **last_migration_facts(domain))
    made = make_plan(facts, POLICY, {**evacuation("a"), "now": NOW})
    assert made["steps"]
    is_clean(render(made))


@look
@given(
    attribute=st.sampled_from(["name", "value", "at", "failed"]),
    value=st.integers().map(str)
    | st.sampled_from(
        ["9" * 30, "9" * 5000, "nan", "1e400", "2999-01-01T00:00:00+00:00", "a" * 70_000]
    ),
)
def test_metadata_of_a_host(attribute: str, value: str) -> None:
    """Whatever a tenant writes as a value: its host is believed, and the plans go on."""
    domain = ElementTree.fromstring(METADATA)
    for element in domain.findall(f".//*[@{attribute}]"):
        element.set(attribute, value)
    sound = SOUND["host_info"]
    written = {**label_facts(domain), **last_migration_facts(domain)}
    answer = {**sound, "domains": [{**sound["domains"][0], **written}]}
    assert admitted("host_info", "kvm3", answer) == answer
    hosts = {"kvm3": {"info": answer}}
    answers = Answers({"groups": {"kvm": ["kvm3"]}, "hostvars": hosts}, {"host_info": "info"})
    is_clean(status_of(cluster_facts(answers, "kvm")))
