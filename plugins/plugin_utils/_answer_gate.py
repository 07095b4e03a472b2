# Copyright: (c) 2026, The Drover authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The gate that everything passes which a host answers.

A host may be broken, run another version, or belong to somebody else by now. What it says costs nobody but
itself: it may speak only for itself, in the form that the module has, and else counts as a host that failed.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

import datetime
import typing as t
from collections.abc import Callable, Iterable
from functools import cache

from ..module_utils._facts.marks import parse_moment
from ._answer_schemas import ANSWERS
from ._planner import (
    InputError,
    check_document,
    compile_schema,
    validate_part,
    with_sensible_values,
)

Answer = dict[str, t.Any]

# Of a module that failed its own words are kept, as text.
_LONGEST = 4000


def admitted(module: str, host: str, answer: t.Any) -> Answer:
    """Return what a module answered on a host as far as it can be trusted.

    Parameters
    ----------
    module : str
        Name of the module.
    host : str
        The host's name in the inventory.
    answer : any
        What came from there, as plain JSON.

    Returns
    -------
    dict
        The answer; C(failed) and C(msg) where the module failed, or where its answer is none of that module; empty
        where it did not run.
    """
    if not isinstance(answer, dict):
        return {} if answer is None else _refused(module, host, "it is not a mapping.")
    if ANSWERS[module]["required"][0] not in answer:
        return _failure(answer)
    try:
        judged = _without_tenants_faults(answer) if module == "host_info" else answer
        check_document(_compiled(module), judged, "answer")
        for check in _FURTHER.get(module, ()):
            check(host, judged)
    except (InputError, ValueError) as error:
        return _refused(module, host, str(error))
    return answer


def _without_tenants_faults(answer: Answer) -> Answer:
    """Return the facts by which a host is judged: what tenants wrote is not its fault, and the planner warns of it."""
    domains = answer.get("domains")
    if not isinstance(domains, list):
        return answer
    return {**answer, "domains": [with_sensible_values(domain)[0] for domain in domains]}


@cache
def _compiled(module: str) -> Callable[[t.Any], t.Any]:
    return compile_schema(ANSWERS[module])


def _failure(answer: Answer) -> Answer:
    """Return what is left of the answer of a module that failed, or did not run."""
    kept = {key: True for key in ("failed", "unreachable", "skipped") if answer.get(key)}
    texts = {key: str(answer[key])[:_LONGEST] for key in ("msg", "error_code") if answer.get(key)}
    return {**kept, **texts}


def _refused(module: str, host: str, why: str) -> Answer:
    sentence = (
        f"The answer of {host} is not one of the module {module}: {why.rstrip('.')}. "
        f"None of it is used: check {host}, or leave it out."
    )
    return {"failed": True, "refused": True, "msg": sentence}


def _facts(host: str, answer: Answer) -> None:
    """Make sure that a host speaks of itself and its own VMs, in the form of the facts."""
    validate_part("facts", "host", answer["host"], "answer.host")
    _is_its_own(answer["host"].get("name"), host, "answer.host.name")
    for number, domain in enumerate(answer["domains"]):
        validate_part("facts", "domain", domain, f"answer.domains[{number}]")
        _is_its_own(domain.get("host"), host, f"answer.domains[{number}].host")


def _is_its_own(name: t.Any, host: str, path: str) -> None:
    if name != host:
        raise InputError(f"{name!a} is not {host}, its name in the inventory", path=path)


def _checks(host: str, answer: Answer) -> None:
    """A host may report of itself, and of itself with a peer."""
    for number, check in enumerate(answer["checks"]):
        _is_its_own(check["subject"]["host"], host, f"answer.checks[{number}].subject.host")


def _power_marks(_host: str, answer: Answer) -> None:
    for name, mark in answer["marks"].items():
        _are_moments(mark[key] for key in ("at", "since"))
        if mark.get("facts"):
            validate_part(
                "facts", "host", {**mark["facts"], "name": name}, f"answer.marks.{name}.facts"
            )


def _looks(_host: str, answer: Answer) -> None:
    _are_moments(look["at"] for look in answer["looks"])


def _rolling(_host: str, answer: Answer) -> None:
    if answer["record"]:
        since = answer["record"]["since"]
        _are_moments([since])
        datetime.datetime.fromisoformat(since)


def _are_moments(texts: Iterable[str]) -> None:
    for text in texts:
        parse_moment(text)


# What no schema can say.
_FURTHER: dict[str, tuple[Callable[[str, Answer], None], ...]] = {
    "host_info": (_facts,),
    "power_look": (_looks,),
    "power_mark_facts": (_power_marks,),
    "power_mark_info": (_power_marks,),
    "preflight_info": (_checks,),
    "rolling_record": (_rolling,),
}
