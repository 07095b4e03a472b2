# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers of Prometheus, which are not trusted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import isfinite
from typing import Any, NamedTuple

from ..errors import InputError

MOST = 1e15
"""What no amount in bytes comes near to."""


class Sample(NamedTuple):
    """One series of an answer: its labels, and its value."""

    labels: Mapping[str, str]
    value: float


def parse_vector(text: str, name: str) -> tuple[tuple[Sample, ...], int]:
    """Return the series of an answer to an instant query, and how many of them have no usable value (NaN, infinite).

    Raises
    ------
    InputError
        It is not an answer of Prometheus, or an error of it.
    """
    document = _document(text, name)
    if document.get("status") == "error":
        told = str(document.get("error") or "no reason given")[:300]
        raise InputError(f"Prometheus refuses the query {name}: {told.rstrip('.')}.")
    data = document.get("data")
    if not isinstance(data, dict) or data.get("resultType") != "vector":
        raise InputError(
            f"Prometheus answers the query {name} with no vector; it must be an expression with one value for each "
            "series."
        )
    try:
        samples = [_sample(entry) for entry in data["result"]]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"Prometheus's answer to the query {name} is damaged.") from error
    usable = tuple(one for one in samples if isfinite(one.value) and 0 <= one.value <= MOST)
    return usable, len(samples) - len(usable)


def _document(text: str, name: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"what answers the query {name} is not Prometheus: {_beginning(text)} is not JSON; check the url."
        ) from error
    if not isinstance(document, dict):
        raise InputError(f"what answers the query {name} is not Prometheus; check the url.")
    return document


def _beginning(text: str) -> str:
    return repr(" ".join(text.split())[:40]) if text.strip() else "an empty answer"


def _sample(entry: Mapping[str, Any]) -> Sample:
    _moment, value = entry["value"]
    labels = {str(key): str(label) for key, label in entry["metric"].items()}
    return Sample(labels, float(value))
