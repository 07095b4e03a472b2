# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the hosts found, put together: the matrix, the verdict, the text, the peers."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.drover.libvirt.plugins.plugin_utils._answers import Answers
from ansible_collections.drover.libvirt.plugins.plugin_utils._cluster_facts import (
    FactsMissing,
    cluster_facts,
)
from ansible_collections.drover.libvirt.plugins.plugin_utils._preflight_matrix import (
    Asked,
    Matrix,
    failing,
    make_matrix,
    unknown,
)
from ansible_collections.drover.libvirt.plugins.plugin_utils._preflight_peers import (
    chosen_peers,
    host_and_peers,
    looked_at,
)
from ansible_collections.drover.libvirt.plugins.plugin_utils._preflight_text import (
    names_vm,
    render_preflight,
    verdict,
)


def block(evidence: str, host: str, peer: str | None = None, domain: str | None = None) -> Any:
    """Return a check that blocks."""
    return {
        "id": "x",
        "severity": "block",
        "passed": False,
        "evidence": evidence,
        "remedy": f"Cure {evidence}.",
        "subject": {"host": host, "peer": peer, "domain": domain},
    }


def matrix(*checks: Any) -> Matrix:
    """Return three hosts, vm1 and vm2 on kvm1, vm3 on kvm2."""
    domains = {"kvm1": ["vm1", "vm2"], "kvm2": ["vm3"], "kvm3": []}
    return make_matrix(
        {
            host: {
                "domains": names,
                "checks": [check for check in checks if check["subject"]["host"] == host],
            }
            for host, names in domains.items()
        }
    )


def evidence(found: Matrix, asked: Asked) -> list[str]:
    """Return what fails for what was asked."""
    return [check["evidence"] for check in failing(found, asked)]


def test_a_host_that_does_not_suit_a_vm_counts_only_when_no_other_does() -> None:
    """Or when it was named, or when every host must suit it."""
    one = matrix(block("a", "kvm1", "kvm3", "vm1"))
    both = matrix(block("a", "kvm1", "kvm3", "vm1"), block("b", "kvm1", "kvm2", "vm1"))
    assert evidence(one, Asked(hosts=("kvm1",))) == []
    assert evidence(one, Asked(hosts=("kvm1",), strict=True)) == ["a"]
    assert evidence(one, Asked(domains=("vm1",), destination="kvm3")) == ["a"]
    assert evidence(one, Asked(domains=("vm1",), destination="kvm2")) == []
    assert evidence(one, Asked(hosts=("kvm1", "kvm2"))) == ["a"]
    assert sorted(evidence(both, Asked(domains=("vm1",)))) == ["a", "b"]
    assert evidence(both, Asked(domains=("vm2",))) == []
    assert both.stuck() == [("vm1", "kvm1")]


def test_what_is_wrong_between_hosts_or_with_the_vm_counts_always() -> None:
    """But not what is about others, and nothing where nothing was asked."""
    found = matrix(
        block("pair", "kvm1", "kvm3"),
        block("vm", "kvm1", None, "vm1"),
        block("host", "kvm3"),
        block("other", "kvm2", "kvm3"),
    )
    assert sorted(evidence(found, Asked(hosts=("kvm1",)))) == ["host", "pair", "vm"]
    assert sorted(evidence(found, Asked(domains=("vm3",)))) == ["host", "other"]
    assert evidence(found, Asked()) == []
    assert len(found.cell("vm1", "kvm1", "kvm3")) == 3


def test_a_silent_host_fails_what_was_asked_unless_it_may_be_left_out() -> None:
    """Its reason stands in the evidence."""
    found = make_matrix(
        {"kvm1": {"domains": ["vm1"], "checks": []}, "kvm2": {"msg": "no route\ntraceback"}}
    )
    asked = Asked(hosts=("kvm1",))
    assert [check["evidence"] for check in failing(found, asked)] == [
        "kvm2 could not be looked at: no route."
    ]
    assert failing(found, asked, ignore_silent=True) == []
    assert failing(found, Asked()) == []


def test_names_that_do_not_exist_are_said() -> None:
    """Hosts, a destination, and VMs that run nowhere."""
    asked = Asked(("kvm1", "kvm8"), ("vm1", "vm9"), "kvm9")
    said = unknown(matrix(), asked, ["kvm1", "kvm2", "kvm3"])
    assert [word in text for word, text in zip(("kvm8", "kvm9", "vm9"), said, strict=True)] == [
        True
    ] * 3


def test_the_text_says_the_same_thing_once() -> None:
    """Two VMs that lack the same bridge share a number and a remedy."""
    found = matrix(
        block("No bridge", "kvm1", "kvm3", "vm1"), block("No bridge", "kvm1", "kvm3", "vm2")
    )
    text = render_preflight(found, Asked())
    assert text.count("No bridge") == 2  # the evidence and its remedy
    assert "  1  vm1, vm2 -> kvm3: No bridge" in text
    assert "vm1  here     yes      NO 1" in text
    assert "kvm1  here     yes      yes" in text


def test_the_verdict_on_a_cluster() -> None:
    """How many VMs can go anywhere, which cannot, and who was not looked at."""
    assert (
        verdict(matrix(), Asked(), [])
        == "Verdict: each of 3 VMs can go to at least one other host."
    )
    stuck = matrix(block("a", "kvm1", "kvm2", "vm1"), block("b", "kvm1", "kvm3", "vm1"))
    assert verdict(stuck, Asked(), []) == "Verdict: 1 of 3 VMs can go to no other host: vm1."
    alone = make_matrix({"kvm1": {"domains": [], "checks": []}, "kvm2": {"msg": "timeout"}})
    assert verdict(alone, Asked(), []) == "Verdict: there is no VM to migrate. Not looked at: kvm2."


def test_the_verdict_on_what_was_asked() -> None:
    """Whether it can be done, with the number of warnings."""
    warning = {**block("slow", "kvm1"), "severity": "warn"}
    asked = Asked(("kvm1",), ("vm3",), "kvm3")
    assert verdict(matrix(warning), asked, []) == (
        "Verdict: this can be done: empty kvm1, migrate vm3 to kvm3. Beware of the 1 warning above."
    )
    assert "this would fail as things are: " in verdict(matrix(), asked, ["no"])


def test_one_sentence_for_all_hosts_with_the_same_trouble() -> None:
    """Such as a speed that no host tells."""
    unknown_speed = "The speed of eth1 is not known, so predicted times may be wrong."
    checks = [
        {**block(unknown_speed, host), "severity": "info"} for host in ("kvm1", "kvm2", "kvm3")
    ]
    text = render_preflight(matrix(*checks), Asked())
    assert f"kvm1, kvm2, kvm3: {unknown_speed}" in text
    assert text.count(unknown_speed) == 2  # the evidence and the remedy of this test


def test_only_what_was_asked_for_is_shown() -> None:
    """Other VMs and their troubles are left out."""
    found = matrix(block("trouble", "kvm1", "kvm3", "vm1"))
    text = render_preflight(found, Asked(domains=("vm3",)))
    assert "trouble" not in text
    assert "\nvm1 " not in text
    assert "\nvm3 " in text


VM = {
    "uuid": "u-1",
    "state": "running",
    "host": "kvm1",
    "vcpus": 1,
    "memory_mib": 64,
    "cpu_usage": 0.0,
}
REGISTERED = {
    "host_info": "gather_host_info",
    "preflight_info": "preflight_checked",
    "preflight_listener": "preflight_listening",
}


def variables(**limit: Any) -> Answers:
    """Return what Ansible knows of kvm1 and kvm2, and of kvm3, which is silent."""
    hosts = {}
    for number in (1, 2):
        host = {
            "name": f"kvm{number}",
            "state": "up",
            "vcpus": 4,
            "memory_mib": 8192,
            "bridges": {},
            "marks": {"a": {"maintenance": False}},
            "cpu": {"vendor": "AMD", "features": ["aes"]},
            "migration": {"address": f"10.0.1.{number}"},
        }
        hosts[f"kvm{number}"] = {
            "gather_host_info": {"host": host, "domains": []},
            "preflight_listening": {"ports": [49152]},
            "ansible_host": f"192.0.2.{number}",
        }
    hosts["kvm3"] = {}
    groups = {"kvm": ["kvm1", "kvm2", "kvm3"]}
    return Answers({"groups": groups, "hostvars": hosts, **limit}, REGISTERED)


def test_a_host_is_told_its_peers_with_what_it_needs_to_know() -> None:
    """The silent host is no peer, and facts that nobody needs stay on the controller."""
    found = host_and_peers(variables(), "kvm", "kvm1")
    assert found.migration_address == "10.0.1.1"
    assert found.peers == [
        {
            "name": "kvm2",
            "uri": "qemu+ssh://root@192.0.2.2/system",
            "migration_address": "10.0.1.2",
            "ports": [49152],
            "facts": {
                "bridges": {},
                "migration": {"address": "10.0.1.2"},
                "cpu": {"vendor": "AMD"},
            },
        }
    ]


def test_each_host_begins_with_the_peer_after_it() -> None:
    """All of 16 hosts had begun with the same eight, whose sshd drops connections that come together."""
    known = variables()
    hosts = known.task_vars["hostvars"]
    for name in ("kvm3", "kvm4"):
        host = {**hosts["kvm1"]["gather_host_info"]["host"], "name": name}
        hosts[name] = {"gather_host_info": {"host": host, "domains": []}, "ansible_host": name}
    known.task_vars["groups"]["kvm"].append("kvm4")
    order = {
        name: [peer["name"][-1] for peer in host_and_peers(known, "kvm", name).peers]
        for name in hosts
    }
    assert order == {"kvm1": [*"234"], "kvm2": [*"341"], "kvm3": [*"412"], "kvm4": [*"123"]}


def test_a_plan_is_told_which_hosts_would_refuse_a_vm() -> None:
    """What is wrong between two hosts holds for every VM; warnings and passed checks for none."""
    known = variables()
    known.task_vars["hostvars"]["kvm1"]["gather_host_info"]["domains"] = [
        {**VM, "name": "vm1"},
        {**VM, "name": "vm2"},
    ]
    known.task_vars["hostvars"]["kvm1"]["preflight_checked"] = {
        "domains": ["vm1", "vm2"],
        "checks": [
            block("pair", "kvm1", "kvm2"),
            block("cell", "kvm1", "kvm3", "vm1"),
            block("vm", "kvm1", None, "vm1"),
            dict(block("warning", "kvm1", "kvm3", "vm2"), severity="warn"),
        ],
    }
    facts = cluster_facts(known, "kvm", "ignore")
    assert facts["domains"] == [
        {**VM, "name": "vm1", "refused_by": {"kvm2": "pair", "kvm3": "cell"}},
        {**VM, "name": "vm2", "refused_by": {"kvm2": "pair"}},
    ]


def test_a_part_of_the_cluster_is_refused() -> None:
    """With --limit, peers would be missing without anybody noticing."""
    with pytest.raises(FactsMissing, match="--limit kvm1"):
        host_and_peers(variables(ansible_limit="kvm1"), "kvm", "kvm1")


def test_a_baseline_wants_every_chosen_host() -> None:
    """A silent one is refused, and may be left out by choosing the others."""
    with pytest.raises(FactsMissing, match="kvm3"):
        chosen_peers(variables(), "kvm", "kvm1", None)
    peer = {"name": "kvm2", "uri": "qemu+ssh://root@192.0.2.2/system"}
    assert chosen_peers(variables(), "kvm", "kvm1", "kvm1,kvm2") == [peer]
    assert chosen_peers(variables(), "kvm", "kvm1", ["kvm1", "kvm2"]) == [peer]


@pytest.mark.parametrize(
    ("evidence", "named"),
    [
        ("vm1 has a disk.", True),
        ("The image of vm1: gone.", True),
        ("It ends with vm1.", True),
        ("The disk /images/vm1.qcow2 is local.", False),
        ("The VM vm10 has it.", False),
        ("old-vm1 has it.", False),
    ],
)
def test_a_path_does_not_name_a_vm(evidence: str, named: bool) -> None:
    """The first finding lacked its VM, whose name was in the path of its image."""
    assert names_vm(evidence, "vm1") is named


def test_only_what_concerns_the_hosts_is_looked_at() -> None:
    """The host that is to be emptied looks everywhere; the others look at it, and at no VM of theirs."""
    peers = [{"name": "kvm2"}, {"name": "kvm3"}]
    given = {"hosts": ["kvm2"], "domains": None}
    assert looked_at("kvm1", peers, given) == {"peers": [{"name": "kvm2"}], "domains": []}
    assert looked_at("kvm2", peers, given) == {"peers": peers, "domains": None}
    everything = {"peers": peers, "domains": ["vm1"]}
    assert looked_at("kvm1", peers, {"domains": ["vm1"]}) == everything


def test_ways_that_were_not_looked_at_are_not_called_good() -> None:
    """They are neither said to work nor to be broken."""
    rows = render_preflight(matrix(), Asked(hosts=("kvm2",))).splitlines()
    assert rows[1].split() == ["kvm1", "here", "yes", "-"]
    assert rows[2].split() == ["kvm2", "yes", "here", "yes"]
    vm = render_preflight(matrix(), Asked(hosts=("kvm2",), domains=("vm1",))).splitlines()
    assert vm[1].split() == ["kvm1", "here", "yes", "yes"]
