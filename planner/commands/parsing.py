# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text to a document of JSON types: the only reader of JSON and YAML.

Files come from anybody. What JSON does not know (aliases, tags, keys that are not texts, duplicate keys) and what no
document needs (thousands of brackets) ends in one sentence, before it costs time or memory.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Hashable
from functools import cache
from typing import Any, ClassVar

from ..documents import DEEPEST, HALF
from ..errors import InputError
from ..libraries import require

LONGEST = 512 << 20
LONGEST_YAML = 32 << 20
MOST_BITS = 4096
"""How many bytes a file, and bits a number, may have; YAML is slow to read, so programs write JSON."""


def parse(text: str, path: str) -> Any:
    """Return the document that a text is, in JSON, or in YAML where the name of its file says nothing else.

    Raises
    ------
    InputError
        It is neither, or no document of JSON types.
    """
    document = _document(text, path)
    if "\\u" in text.lower():
        try:
            json.dumps(document, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            raise InputError(f"{path} {HALF}.") from error
    return document


def _document(text: str, path: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_object)
    except _Twice as error:
        raise InputError(f"{path} has the key {error} twice in one mapping; remove one.") from error
    except RecursionError as error:
        raise InputError(_too_deep(path)) from error
    except ValueError as error:
        if path.endswith(".json"):
            raise InputError(f"{path} is not valid JSON: {_brief(error)}.") from error
        return _yaml(text, path)


def _yaml(text: str, path: str) -> Any:
    if len(text) > LONGEST_YAML:
        raise InputError(f"{path} is too long for YAML; write it as JSON.")
    yaml = require("yaml")
    try:
        return yaml.load(text, _loader())
    except _TooDeep as error:
        raise InputError(_too_deep(path)) from error
    except (yaml.YAMLError, ValueError) as error:
        raise InputError(f"{path} is not valid YAML: {_brief(error)}.") from error


def _brief(error: Exception) -> str:
    return " ".join(str(error).split())[:300].rstrip(".")


def _too_deep(path: str) -> str:
    return f"{path} is nested more than {DEEPEST} levels deep, which no document is."


class _Twice(Exception):
    """One key stands twice in a mapping; the last would count silently."""


class _TooDeep(Exception):
    """There are too many levels."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        counts = Counter(name for name, _value in pairs)
        raise _Twice(counts.most_common(1)[0][0])
    return found


def _whole_number(loader: Any, node: Any) -> int:
    """Read decimal, octal, binary and other notations; Python limits the digits of the first only."""
    yaml = require("yaml")
    number: int = yaml.SafeLoader.construct_yaml_int(loader, node)
    if number.bit_length() > MOST_BITS:
        raise yaml.constructor.ConstructorError(
            None, None, "it has a number that no document needs", node.start_mark
        )
    return number


@cache
def _loader() -> Any:
    """Return PyYAML's safe loader without everything that JSON does not know."""
    yaml = require("yaml")
    known = ("null", "bool", "int", "float", "str", "seq", "map")
    prefix = "tag:yaml.org,2002:"
    timestamp = f"{prefix}timestamp"

    class Loader(yaml.SafeLoader):  # type: ignore[misc, name-defined]
        """Dates stay texts; aliases, other tags and keys that are not texts are errors."""

        yaml_constructors: ClassVar[dict[Any, Any]] = {
            tag: _whole_number if tag == f"{prefix}int" else make
            for tag, make in yaml.SafeLoader.yaml_constructors.items()
            if tag is None or tag.removeprefix(prefix) in known
        }
        yaml_implicit_resolvers: ClassVar[dict[Any, Any]] = {
            first: [(tag, form) for tag, form in forms if tag != timestamp]
            for first, forms in yaml.SafeLoader.yaml_implicit_resolvers.items()
        }
        depth = 0

        def compose_node(self, parent: Any, index: Any) -> Any:
            """Refuse aliases, and levels that no document has."""
            if self.check_event(yaml.AliasEvent):
                raise yaml.composer.ComposerError(
                    None,
                    None,
                    "it has an alias; write out what it stands for",
                    self.peek_event().start_mark,
                )
            self.depth += 1
            if self.depth > DEEPEST:
                raise _TooDeep
            node = super().compose_node(parent, index)
            self.depth -= 1
            return node

        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Hashable, Any]:
            """Refuse keys that are not texts, and duplicate keys."""
            found: dict[Hashable, Any] = {}
            for key_node, value_node in node.value:
                key = self.construct_object(key_node, deep=True)
                if not isinstance(key, str) or key in found:
                    what = (
                        "stands twice" if isinstance(key, str) else "is not text; put it in quotes"
                    )
                    raise yaml.constructor.ConstructorError(
                        None, None, f"the key {key!r:.60} {what}", key_node.start_mark
                    )
                found[key] = self.construct_object(value_node, deep=deep)
            return found

    return Loader
