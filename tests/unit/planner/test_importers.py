# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts from Ganeti's text files, CSV and benchmark instances, and the command that makes them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from planner.commands.drover import main
from planner.errors import InputError
from planner.importers.ganeti import from_ganeti
from planner.importers.instance import from_instance
from planner.importers.source import Source
from planner.importers.tables import from_tables
from planner.pipeline import make_plan

GANETI = """\
rack1|uuid-1|preferred||

node1|65536|1024|40000|1000000|795200|16|M|uuid-1|1|ssd|N|0|1|1.0
node2|65536|1024|40000|1000000|744000|16|N|uuid-1|1||N|0|1|1.0
node3|65536|1024|40000|1000000|744000|16|N|uuid-1|1||N|0|1|1.0
node4|?|?|?|?|?|?|Y|uuid-1|1||N|0|1|1.0

web1|8192|51200|4|running|Y|node1|node2|drbd|app:web|1|1|N
web2|8192|51200|4|running|Y|node1||rbd|app:web|1|1|N
local|4096|51200|2|running|Y|node1||plain||1|1|N
off|4096|51200|2|ADMIN_down|Y|node2|node1|drbd||1|1|N

htools:iextags:app

|128,1,1024,1,1,1|128,1,1024,1,1,1;32768,8,1048576,16,8,12|drbd,rbd,plain|4.0|32.0
"""
"""The format of htools 3.0, as `hspace --simulate ... -S` writes it, with four nodes and instances of our own."""

HOSTS = """\
name,vcpus,memory_mib,idle_w,label.rack
kvm1,16,65536,90,r1
kvm2,16,65536,,r2
"""
VMS = """\
name,host,vcpus,memory_mib,cpu_usage,priority
web1,kvm1,4,8192,1.5,2
web2,kvm2,2,4096,,
"""
INSTANCE = """\
{"name": "tiny",
 "nodes": [{"name": "n0", "cpu": 40, "mem": 92160},
           {"name": "n1", "cpu": 40, "mem": 92160}],
 "vms": [
  {"name": "v0", "node": "n0", "cpu": 4, "mem": 8192, "cpu_usage": 0.25},
  {"name": "v1", "node": "n1", "cpu": 2, "mem": 4096, "cpu_usage": 1}
 ]}
"""


def test_ganeti_nodes_and_instances() -> None:
    """Memory of the node itself is reserved, offline nodes are not up, instances that are down are shut off."""
    facts = from_ganeti(Source("cluster.data", GANETI), busy_share=0.5).facts
    hosts = {host["name"]: host for host in facts["hosts"]}
    domains = {domain["name"]: domain for domain in facts["domains"]}
    assert hosts["node1"]["memory_mib"] == 65536
    assert hosts["node1"]["memory_reserved_mib"] == 1024
    assert hosts["node1"]["labels"] == {"group": "rack1", "ssd": "yes"}
    assert hosts["node4"]["state"] == "offline"
    assert domains["web1"]["cpu_usage"] == 2.0
    assert (domains["off"]["state"], domains["off"]["cpu_usage"]) == ("shutoff", 0.0)


def test_ganeti_disks_decide_where_an_instance_may_go() -> None:
    """DRBD lets an instance go to its secondary only; shared disks let it go anywhere; local disks keep it."""
    facts = from_ganeti(Source("cluster.data", GANETI)).facts

    def moved(name: str, host: str) -> str:
        try:
            plan = make_plan(facts, None, {"goal": "migrate", "domain": name, "destination": host})
            return str(plan["placement"][name])
        except Exception as error:
            return type(error).__name__

    assert moved("web1", "node2") == "node2"
    assert moved("web1", "node3") == "Infeasible"
    assert moved("web2", "node3") == "node3"
    assert moved("local", "node2") == "Infeasible"


def test_ganeti_migrates_as_groups_and_migration_tags_allow() -> None:
    """All migration tags of the source have to be at the target, in the same group (hbal's man page)."""
    nodes = {
        "node1|": "uuid-1|1|hv:9,ssd",
        "node2|": "uuid-1|1|hv:7",
        "node3|": "uuid-1|1|hv:9",
        "node5|": "uuid-2|1|hv:9",
    }
    lines = "".join(
        f"{name}65536|1024|40000|1000000|744000|16|N|{rest}\n" for name, rest in nodes.items()
    )
    instances = "".join(
        f"{name}|8192|1|4|running|Y|{node}||rbd||1\n"
        for name, node in (("new", "node1"), ("old", "node2"))
    )
    head = "rack1|uuid-1|preferred||\nrack2|uuid-2|preferred||\n\n"

    def refused(*tags: str) -> dict[str, dict[str, str]]:
        text = "\n".join([head + lines, instances, *tags])
        found = from_ganeti(Source("cluster.data", text)).facts["domains"]
        return {domain["name"]: domain.get("refused_by", {}) for domain in found}

    other_group = {"node5": "node5 is in another node group (rack2)"}
    assert refused() == {"new": other_group, "old": other_group}
    assert refused("htools:migration:hv") == {
        "new": {"node2": "node2 lacks the migration tag hv:9", **other_group},
        "old": {
            "node1": "node1 lacks the migration tag hv:7",
            "node3": "node3 lacks the migration tag hv:7",
            **other_group,
        },
    }
    upgrade = refused("htools:migration:hv", "htools:allowmigration:hv:7::hv:9")
    assert upgrade["old"] == other_group
    assert "node2" in upgrade["new"]


def test_ganeti_says_what_it_leaves_out() -> None:
    """Missing load and exclusion tags are named, because they would change a plan."""
    notes = " ".join(from_ganeti(Source("cluster.data", GANETI)).notes)
    assert "no measured load" in notes
    assert "tag app:" in notes


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (
            "node2|65536|1024",
            "node2|much|1024",
            "line 4: the total memory is 'much', which is not a number.",
        ),
        ("|16|M|", "|16|X|", "line 3: node node1 is marked 'X'"),
        ("|16|M|uuid-1|", "|16|M|uuid-9|", "line 3: node node1 is in the group 'uuid-9'"),
        (
            "web2|8192|51200|4",
            "web2|8192|51200|some",
            "line 9: the number of vCPUs is 'some', which is not a whole number.",
        ),
        (
            "|Y|node1||rbd",
            "|Y|node9||rbd",
            "line 9: VM web2 is on 'node9', which is not one of the hosts",
        ),
        ("|node1|node2|drbd", "|node1|node8|drbd", "line 8: the secondary node of web1 is 'node8'"),
        ("web2|", "web1|", "line 9: there is a VM web1 already, in cluster.data, line 8."),
        (
            "local|4096|51200|2|running|Y|node1||plain||1|1|N",
            "local|4096",
            "line 10: an instance has at least 10 fields",
        ),
        ("local|4096", "local|-4096", "line 10: the memory is -4096, but must be at least 0."),
        ("\n\n", "\n", "line 1: this has 1 of the sections of a Ganeti text file"),
    ],
)
def test_broken_ganeti_files_are_one_sentence(before: str, after: str, words: str) -> None:
    """A fault in a Ganeti file is told with file and line."""
    assert before in GANETI
    with pytest.raises(InputError) as caught:
        from_ganeti(Source("cluster.data", GANETI.replace(before, after)))
    assert caught.value.message.startswith("cluster.data, ")
    assert words in caught.value.message


def test_tables() -> None:
    """Columns become facts, empty cells say nothing, a missing load is the assumed share of the vCPUs."""
    facts = from_tables(Source("hosts.csv", HOSTS), Source("vms.csv", VMS), busy_share=0.25).facts
    assert facts["hosts"][0] == {
        "name": "kvm1", "vcpus": 16, "memory_mib": 65536, "labels": {"rack": "r1"}, "power": {"idle_w": 90.0},
    }  # fmt: skip
    assert "power" not in facts["hosts"][1]
    assert facts["domains"][0]["priority"] == 2
    assert facts["domains"][1]["cpu_usage"] == 0.5


@pytest.mark.parametrize("separator", [";", "\t"])
def test_tables_of_spreadsheets(separator: str) -> None:
    """Semicolons, tabs, a byte order mark and Windows line ends are what spreadsheets write."""
    hosts = "\ufeff" + HOSTS.replace(",", separator).replace("\n", "\r\n")
    vms = VMS.replace(",", separator).replace("\n", "\r\n")
    plain = from_tables(Source("hosts.csv", HOSTS), Source("vms.csv", VMS)).facts
    assert from_tables(Source("hosts.csv", hosts), Source("vms.csv", vms)).facts == plain


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (
            "vcpus,memory_mib,idle_w",
            "cpus,memory_mib,idle_w",
            "hosts.csv, line 1: the first line must name the columns vcpus",
        ),
        ("idle_w", "watts", "hosts.csv, line 1: there is no column watts"),
        ("label.rack", "idle_w", "hosts.csv, line 1: the column idle_w is there twice"),
        (
            "kvm2,16",
            "kvm2,many",
            "hosts.csv, line 3: the vcpus is 'many', which is not a whole number.",
        ),
        ("kvm2,16", "kvm2,0", "hosts.csv, line 3: the vcpus is 0, but must be at least 1."),
        ("kvm2,16", "kvm2,", "hosts.csv, line 3: the vcpus is empty."),
        ("90,r1", "inf,r1", "hosts.csv, line 2: the idle_w is 'inf', which is not a number."),
        ("90,r1", "90,r1,more", "hosts.csv, line 2: there are 6 cells under 5 columns."),
        (HOSTS[HOSTS.index("kvm1") :], "", "which is not one of the hosts (there are none)."),
        ("kvm2", "kvm1", "hosts.csv, line 3: there is a host kvm1 already"),
    ],
)
def test_broken_tables_are_one_sentence(before: str, after: str, words: str) -> None:
    """A fault in a table is told with file and line."""
    assert before in HOSTS
    with pytest.raises(InputError, match=r"(hosts|vms)\.csv") as caught:
        from_tables(Source("hosts.csv", HOSTS.replace(before, after)), Source("vms.csv", VMS))
    assert words in caught.value.message


def test_instance() -> None:
    """A benchmark instance becomes facts one to one."""
    facts = from_instance(Source("tiny.json", INSTANCE)).facts
    assert facts["hosts"] == [
        {"name": "n0", "vcpus": 40, "memory_mib": 92160},
        {"name": "n1", "vcpus": 40, "memory_mib": 92160},
    ]
    assert facts["domains"][0] == {
        "name": "v0",
        "host": "n0",
        "vcpus": 4,
        "memory_mib": 8192,
        "cpu_usage": 0.25,
    }


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ('"mem": 4096,', '"mem": 4096', "line 6: this is not valid JSON"),
        ('"node": "n1", ', "", "line 6: a VM lacks node."),
        (
            '"node": "n1"',
            '"node": "n7"',
            "line 6: VM v1 is on 'n7', which is not one of the hosts (n0, n1).",
        ),
        ('"cpu": 4,', '"cpu": "x",', "line 5: cpu is 'x', which is not a whole number."),
        (
            '"nodes"',
            '"hosts"',
            "line 1: an instance is an object with the list nodes; there is none.",
        ),
        ('{"name": "v0"', '7, {"name": "v0"', "line 5: an entry of vms must be an object."),
    ],
)
def test_broken_instances_are_one_sentence(before: str, after: str, words: str) -> None:
    """A fault in an instance is told with file and line, although JSON has no lines."""
    assert before in INSTANCE
    with pytest.raises(InputError) as caught:
        from_instance(Source("tiny.json", INSTANCE.replace(before, after)))
    assert f"tiny.json, {words}" in caught.value.message


@pytest.mark.parametrize("form", ["ganeti", "instance", "csv"])
def test_imported_facts_can_be_planned(
    form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`drover import` writes facts that `drover plan` takes."""
    (tmp_path / "hosts.csv").write_text(HOSTS)
    (tmp_path / "vms.csv").write_text(VMS)
    (tmp_path / "ganeti").write_text(GANETI)
    (tmp_path / "instance").write_text(INSTANCE)
    path = tmp_path if form == "csv" else tmp_path / form
    out = tmp_path / "facts.json"
    assert main(["import", "--from", form, str(path), "--out", str(out)]) == 0
    assert "hosts and" in capsys.readouterr().out
    assert main(["import", "--from", form, str(path), "--out", str(out), "--json"]) == 0
    told = capsys.readouterr()
    assert json.loads(told.out).keys() == {"hosts", "domains", "out", "notes"}
    assert told.err == ""
    host = json.loads(out.read_text())["hosts"][1]["name"]
    assert main(["plan", "--facts", str(out), "--goal", "evacuate", "--host", host, "--quiet"]) == 0


def test_import_leaves_nothing_behind_when_it_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A missing file is exit code 2, one line, and no facts."""
    out = tmp_path / "facts.json"
    assert main(["import", "--from", "csv", str(tmp_path), "--out", str(out)]) == 2
    captured = capsys.readouterr()
    assert (
        captured.err
        == f"drover: Cannot read {tmp_path / 'hosts.csv'}: No such file or directory.\n"
    )
    assert not out.exists()
