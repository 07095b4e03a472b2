# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Results of tasks as text for people. Pure: a result as callbacks get it in, text out.

Whatever is shown passes here, with everything escaped that could play with a terminal.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

import typing as t

from ._planner import text_of

Result = t.Mapping[str, t.Any]

# What of a failed result tells what went wrong, beside its message.
_TELLING = ("reason", "stderr", "stdout", "module_stderr", "module_stdout")


def failure(result: Result) -> str:
    """Return why a task failed: its message, and what a command printed; only that it is hidden where it is."""
    if "censored" in result:
        return text_of([str(result["censored"])])
    said, code = _text(result.get("msg", "")), result.get("rc")
    parts = [f"{said} (exit code {code})" if said and code not in (None, 0) else said]
    for name in _TELLING:
        told = _text(result.get(name, "")).strip()
        if told and told not in said:
            parts.append(f"{name}: {told}")
    return "\n".join(filter(None, parts)) or "It gave no reason."


def message(result: Result) -> str:
    """Return what a task of C(debug) says; nothing where it is hidden or says nothing."""
    if "censored" in result or "msg" not in result:
        return ""
    return _text(result["msg"])


def items(result: Result) -> list[Result]:
    """Return the results of a loop's items; none where there was no loop."""
    found = result.get("results")
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def status(result: Result) -> str:
    """Return in a word what became of a task that did not fail."""
    of = items(result)
    if result.get("skipped"):
        return "skipped"
    changed = [item for item in of if item.get("changed")]
    if changed and len(changed) < len(of):
        return f"changed, {len(changed)} of {len(of)} items"
    return "changed" if changed or result.get("changed") else "ok"


def recap(summaries: t.Mapping[str, t.Mapping[str, int]]) -> list[str]:
    """Return lines about hosts that failed or did not answer.

    Parameters
    ----------
    summaries : mapping
        For each host what Ansible counts: C(failures), C(unreachable) and so on.
    """
    failed = sorted(host for host, counts in summaries.items() if counts["failures"])
    silent = sorted(host for host, counts in summaries.items() if counts["unreachable"])
    lines = []
    if failed:
        lines.append(f"Failed on {', '.join(failed)}.")
    if silent:
        lines.append(f"Did not answer: {', '.join(silent)}.")
    return text_of(lines).split("\n") if lines else []


def counts(summaries: t.Mapping[str, t.Mapping[str, int]]) -> list[str]:
    """Return a line for each host with what Ansible counts, without what is none."""
    names = ("ok", "changed", "failures", "unreachable", "skipped", "rescued", "ignored")
    words = {"failures": "failed"}
    return [
        text_of(
            [
                f"{host}: "
                + ", ".join(f"{c[name]} {words.get(name, name)}" for name in names if c[name])
            ]
        )
        for host, c in sorted(summaries.items())
    ]


def _text(value: t.Any) -> str:
    """Return a message, whatever a module put there, with its lines kept and all else escaped."""
    if isinstance(value, (list, tuple)):
        return "\n".join(map(_text, value))
    return text_of(str(value).splitlines())
