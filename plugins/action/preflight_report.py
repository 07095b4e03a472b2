# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Controller side of preflight_report: what the hosts found in, a table and a verdict out."""

from __future__ import annotations

import dataclasses
import typing as t

from ..plugin_utils._answers import PREFLIGHT_INFO, Answers
from ..plugin_utils._cluster_facts import sleeping_hosts
from ..plugin_utils._controller_action import CLUSTER_OPTIONS, ControllerAction
from ..plugin_utils._executions import found_by
from ..plugin_utils._in_use import use_checks
from ..plugin_utils._preflight_matrix import Asked, Check, Matrix, failing, make_matrix, unknown
from ..plugin_utils._preflight_text import names_vm, render_preflight, verdict

# How many failures the message names; all of them stand in the text.
MOST_SENTENCES = 8

ARGUMENT_SPEC = {
    **CLUSTER_OPTIONS,
    "hosts": {"type": "list", "elements": "str", "default": []},
    "domains": {"type": "list", "elements": "str", "default": []},
    "destination": {"type": "str"},
    "strict": {"type": "bool", "default": False},
    "unreachable": {"type": "str", "choices": ["fail", "ignore"], "default": "fail"},
    "show": {"type": "bool", "default": True},
}


class ActionModule(ControllerAction):
    """Shows the preflight of the whole cluster, and fails when what was asked would fail."""

    OPTIONS = ARGUMENT_SPEC

    def _result(self, options: dict[str, t.Any], answers: Answers) -> dict[str, t.Any]:
        hosts = answers.members(options["group"])
        asleep = sleeping_hosts(answers, hosts)
        up = [host for host in hosts if host not in asleep]
        matrix = make_matrix({host: answers.of(PREFLIGHT_INFO, host) for host in up})
        uses = use_checks(found_by(answers, options["group"]), answers, up)
        matrix = dataclasses.replace(matrix, checks=(*matrix.checks, *uses))
        asked = Asked(
            tuple(options["hosts"]),
            tuple(options["domains"]),
            options["destination"] or None,
            options["strict"],
        )
        failed = failing(matrix, asked, options["unreachable"] == "ignore")
        problems = [*unknown(matrix, asked, hosts), *_sentences(failed)]
        ends = verdict(matrix, asked, problems)
        text = f"{render_preflight(matrix, asked)}\n\n{ends}"
        if options["show"]:
            self._display.display(text)
        found = {"failing": failed, "verdict": ends}
        if problems:
            # Ansible prints all of a failed result, so the rest is left out: it was shown above.
            return {**found, "failed": True, "msg": " ".join(problems)}
        return {**found, "text": text, **_document(matrix)}


def _document(matrix: Matrix) -> dict[str, t.Any]:
    return {
        "matrix": {
            domain: {
                host: "here"
                if host == source
                else ("no" if matrix.cell(domain, source, host) else "yes")
                for host in matrix.hosts
            }
            for domain, source in matrix.domains
        },
        "stuck": [domain for domain, _host in matrix.stuck()],
        "checks": list(matrix.checks),
    }


def _sentences(failed: list[Check]) -> list[str]:
    """Return the evidence of what fails, each sentence once, with the VM where it names none."""
    sentences = []
    for check in failed:
        domain = check["subject"]["domain"]
        about = f"{domain}: " if domain and not names_vm(check["evidence"], domain) else ""
        sentences.append(f"{about}{check['evidence']} {check['remedy']}".strip())
    distinct = list(dict.fromkeys(sentences))
    more = len(distinct) - MOST_SENTENCES
    return distinct if more <= 0 else [*distinct[:MOST_SENTENCES], f"And {more} more."]
