# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures of a real Prometheus, which asks for a password and speaks TLS, in the command and in a playbook."""

from __future__ import annotations

import base64
import json
import re
import shutil
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.drover.libvirt.planner.commands import load as command
from ansible_collections.drover.libvirt.planner.commands.drover import main
from ansible_collections.drover.libvirt.planner.monitoring.queries import EXPRESSIONS

from tests.lab.lab import Lab
from tests.lab.playbook import run_playbook

pytestmark = pytest.mark.lab

USER, PASSWORD = "ann", "s3cret-of-lab"
HASHED = "$2b$05$abcdefghijklmnopqrstuuBtsm3QkXHXiyNt31fq7D6H/0iSMKB0."
HOURS = 2
MIB = 2**20
BUSY = r"kvm1 2 -> \d .{,80} 3\.\d -> "
"""The line of a plan in which the two VMs of kvm1 keep as many CPUs busy as Prometheus knows."""


class Metrics:
    """The past of a cluster, in the words of the exporters: a sample a minute until now.

    Parameters
    ----------
    busy
        CPUs that each VM kept busy.
    moved
        A VM that was on the first host for half of the time, and on the second one then.
    """

    def __init__(self, busy: dict[str, float], moved: str, hosts: tuple[str, str]) -> None:
        self._busy, self._moved, self._hosts = busy, moved, hosts
        self._now = int(time.time()) // 60 * 60

    def text(self) -> str:
        """Return the samples as OpenMetrics."""
        return "\n".join([*self._cpu(), *self._memory(), *self._nodes(), "# EOF", ""])

    def _times(self) -> range:
        return range(self._now - HOURS * 3600, self._now + 1, 60)

    def _cpu(self) -> Iterator[str]:
        yield "# TYPE libvirt_domain_info_cpu_time_seconds counter"
        for name, busy in self._busy.items():
            for at in self._times():
                host = self._hosts[name == self._moved and at > self._now - HOURS * 1800]
                labels = f'{{domain="{name}",instance="{host}:9177"}}'
                yield f"libvirt_domain_info_cpu_time_seconds_total{labels} {busy * (at % 10**6)} {at}"

    def _memory(self) -> Iterator[str]:
        yield "# TYPE libvirt_domain_memory_stats_rss_bytes gauge"
        for name in self._busy:
            labels = f'{{domain="{name}",instance="{self._hosts[0]}:9177"}}'
            for at in self._times():
                yield f"libvirt_domain_memory_stats_rss_bytes{labels} {48 * MIB} {at}"

    def _nodes(self) -> Iterator[str]:
        yield "# TYPE node_cpu_seconds counter"
        for host in self._hosts:
            for at in self._times():
                labels = f'{{cpu="0",instance="{host}:9100",mode="system"}}'
                yield f"node_cpu_seconds_total{labels} {4.5 * (at % 10**6)} {at}"


class RealPrometheus:
    """Debian's Prometheus on loopback, with a past that promtool has put there."""

    def __init__(self, folder: Path, metrics: Metrics) -> None:
        self.ca, self._folder = folder / "cert.pem", folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"https://127.0.0.1:{self.port}"
        self._certificate()
        (folder / "past.om").write_text(metrics.text())
        self._run("promtool", "tsdb", "create-blocks-from", "openmetrics", "past.om", "data")
        (folder / "prometheus.yml").write_text("global: {scrape_interval: 1m}\n")
        tls = {"cert_file": "cert.pem", "key_file": "key.pem"}
        web = {"tls_server_config": tls, "basic_auth_users": {USER: HASHED}}
        (folder / "web.yml").write_text(yaml.safe_dump(web))
        log = (folder / "log").open("w")
        self.process = subprocess.Popen(
            ["prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=data"]
            + [f"--web.listen-address=127.0.0.1:{self.port}", "--web.config.file=web.yml"],
            cwd=folder,
            stdout=log,
            stderr=log,
        )

    def _certificate(self) -> None:
        subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
        files = ["-keyout", "key.pem", "-out", "cert.pem", "-days", "2"]
        self._run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *files, *subject)

    def _run(self, *command_line: str) -> None:
        subprocess.run(command_line, cwd=self._folder, check=True, capture_output=True, timeout=120)

    def wait(self) -> None:
        """Wait until it answers, if only that it wants a password."""
        context = ssl.create_default_context(cafile=str(self.ca))
        deadline = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"{self.url}/-/ready", context=context, timeout=5)
            except urllib.error.HTTPError as error:
                if error.code == 401:
                    return
            except OSError:
                pass
            assert time.monotonic() < deadline, (self._folder / "log").read_text()[-2000:]
            time.sleep(0.2)

    def asked(self) -> int:
        """Return how many queries it has answered, as it counts them itself."""
        request = urllib.request.Request(f"{self.url}/metrics")
        login = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        request.add_header("Authorization", f"Basic {login}")
        context = ssl.create_default_context(cafile=str(self.ca))
        with urllib.request.urlopen(request, context=context, timeout=20) as answer:
            text = answer.read().decode()
        counts = re.findall(
            r'^prometheus_http_requests_total\{.*handler="/api/v1/query"\} (\d+)', text, re.M
        )
        return sum(map(int, counts))


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealPrometheus]:
    """A Prometheus that knows two busy VMs, of which one has moved."""
    if not shutil.which("prometheus") or not shutil.which("promtool"):
        pytest.skip("the packages of tests/lab/packages.txt are not there")
    busy = {"web1": 1.9, "web2": 1.8}
    found = RealPrometheus(
        tmp_path_factory.mktemp("prometheus"), Metrics(busy, "web2", ("kvm1", "kvm2"))
    )
    try:
        found.wait()
        yield found
    finally:
        found.process.terminate()
        found.process.wait(20)


def test_the_command_adds_figures_to_facts(
    prometheus: RealPrometheus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    """A VM that moved is one series; what hosts use beside their VMs is there; a VM without series is named."""
    names = ("web1", "web2", "other")
    facts = {
        "hosts": [{"name": f"kvm{n}", "vcpus": 8, "memory_mib": 8192} for n in (1, 2)],
        "domains": [
            {"name": name, "host": "kvm1", "vcpus": 2, "memory_mib": 64, "cpu_usage": 0}
            for name in names
        ],
    }
    path = tmp_path / "facts.json"
    path.write_text(json.dumps(facts))
    monkeypatch.setenv(command.PASSWORD, PASSWORD)
    asked = ["load", str(path), "--prometheus", prometheus.url, "--user", USER]
    asked += ["--ca", str(prometheus.ca), "--window", "90m", "--percentile", "95"]
    assert main(asked) == 0
    found = json.loads(path.read_text())
    loads = {entry["name"]: entry.get("load") for entry in found["domains"]}
    assert loads["web1"]["cpu_usage"] == pytest.approx(1.9, abs=0.05)
    assert loads["web2"]["cpu_usage"] == pytest.approx(1.8, abs=0.2)
    assert loads["web1"]["memory_used_mib"] == 48
    assert loads["other"] is None
    own = found["hosts"][1]["load"]["own_cpu_usage"]
    assert 2.5 < own < 4.5
    said = capsys.readouterr().out
    assert "2 of 3 VMs have figures." in said
    assert "Without: other" in said
    assert main(["plan", "--facts", str(path), "--goal", "balance", "--quiet"]) == 0


def test_a_wrong_password_and_an_unknown_authority(
    prometheus: RealPrometheus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    """One sentence each, exit code 2, and the facts stay as they are."""
    path = tmp_path / "facts.json"
    path.write_text('{"hosts": [{"name": "kvm1", "vcpus": 8, "memory_mib": 8192}], "domains": []}')
    before = path.read_text()
    monkeypatch.setenv(command.PASSWORD, "wr0ng")
    asked = ["load", str(path), "--prometheus", prometheus.url, "--user", USER]
    assert main([*asked, "--ca", str(prometheus.ca)]) == 2
    assert "wants other credentials (401)" in capsys.readouterr().err
    assert main(asked) == 2
    said = capsys.readouterr().err
    assert "its certificate is not trusted" in said
    assert "give the CA that signed it (ca)" in said
    assert path.read_text() == before


def test_a_playbook_plans_for_what_prometheus_knows(
    lab: Lab, prometheus: RealPrometheus, tmp_path: Path
) -> None:
    """Two VMs that are idle now were busy for an hour, so they are parted; it is counted, and no password is shown.
    Each query is asked once for a plan and its execution, and for what power saving and a rolling maintenance plan."""
    for name in ("web1", "web2"):
        lab.start_guest(name, "kvm1")
    lab.start_guest("other", "kvm2")
    settings = {"url": prometheus.url, "username": USER, "password": PASSWORD}
    measured, variables = tmp_path / "drover.prom", tmp_path / "vars.json"

    def play(playbook: str, *arguments: str, **more: str) -> str:
        policy = {"load": {"window": "1h", "percentile": 95}, "costs": {"per_migration_s": 1}}
        known = {"drover_prometheus": settings | more, "drover_policy": policy}
        variables.write_text(json.dumps({**known, "drover_metrics_file": str(measured)}))
        run = run_playbook(lab, f"drover.libvirt.{playbook}", *arguments, "-e", f"@{variables}")
        assert run.code == 0, run.output[-3000:]
        return " ".join(run.output.split())

    text = play("balance", "--check")
    assert "its certificate is not trusted" in text
    assert "What hosts remember counts instead." in text
    assert not re.search(BUSY, text)
    assert not measured.exists()
    before, ca = prometheus.asked(), prometheus.ca.read_text()
    text = play("balance", "-vvv", ca=ca)
    assert prometheus.asked() - before == len(EXPRESSIONS)
    assert re.search(BUSY, text)
    assert "Monitoring has no series of other" in text
    assert PASSWORD not in text
    homes = {name: [place.host for place in places] for name, places in lab.guests().items()}
    assert homes["web1"] != homes["web2"], homes
    before, tasks = prometheus.asked(), tmp_path / "tasks.yml"
    play("power_saving", "--check", ca=ca)
    assert prometheus.asked() - before == len(EXPRESSIONS)
    tasks.write_text("[]")
    play("rolling_maintenance", "--check", "-e", f"drover_maintenance_tasks={tasks}", ca=ca)
    assert prometheus.asked() - before == 2 * len(EXPRESSIONS)
    counts = re.findall(r'outcome="moved"} (\d+)', measured.read_text())
    assert len(counts) == 1
    assert int(counts[0]) >= 1
    check = ["promtool", "check", "metrics"]
    done = subprocess.run(check, input=measured.read_bytes(), capture_output=True, check=False)
    assert b"error while linting" not in done.stderr
