# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Controller side of preflight_report: what the hosts found in, a table and a verdict out."""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase

from ..plugin_utils._cluster_facts import PREFLIGHT_VARIABLE
from ..plugin_utils._plain import plain
from ..plugin_utils._preflight_matrix import Asked, Check, Matrix, failing, make_matrix, unknown
from ..plugin_utils._preflight_text import render_preflight

# How many failures the message names; all of them stand in the text.
MOST_SENTENCES = 8

ARGUMENT_SPEC = {
    "group": {"type": "str", "default": "kvm"},
    "hosts": {"type": "list", "elements": "str", "default": []},
    "domains": {"type": "list", "elements": "str", "default": []},
    "destination": {"type": "str"},
    "strict": {"type": "bool", "default": False},
    "unreachable": {"type": "str", "choices": ["fail", "ignore"], "default": "fail"},
    "show": {"type": "bool", "default": True},
}


class ActionModule(ActionBase):
    """Shows the preflight of the whole cluster, and fails when what was asked would fail."""

    _requires_connection = False

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        task_vars = task_vars or {}
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        _validation, options = self.validate_argument_spec(argument_spec=ARGUMENT_SPEC)
        hosts = sorted(plain(task_vars["groups"].get(options["group"], [])))
        matrix = make_matrix(
            {
                host: plain(task_vars["hostvars"][host].get(PREFLIGHT_VARIABLE)) or {}
                for host in hosts
            }
        )
        asked = Asked(
            tuple(plain(options["hosts"])),
            tuple(plain(options["domains"])),
            plain(options["destination"]) or None,
            options["strict"],
        )
        text = render_preflight(matrix, asked)
        if options["show"]:
            self._display.display(text)
        failed = failing(matrix, asked, options["unreachable"] == "ignore")
        problems = [*unknown(matrix, asked, hosts), *_sentences(failed)]
        result.update(changed=False, failing=failed)
        if problems:
            # Ansible prints all of a failed result, so the rest is left out: it was shown above.
            return {**result, "failed": True, "msg": " ".join(problems)}
        return {**result, "text": text, **_document(matrix)}


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
        about = f"{domain}: " if domain and domain not in check["evidence"] else ""
        sentences.append(f"{about}{check['evidence']} {check['remedy']}".strip())
    distinct = list(dict.fromkeys(sentences))
    more = len(distinct) - MOST_SENTENCES
    return distinct if more <= 0 else [*distinct[:MOST_SENTENCES], f"And {more} more."]
