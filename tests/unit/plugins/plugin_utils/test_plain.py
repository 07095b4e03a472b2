# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible's tagged values as plain JSON."""

from __future__ import annotations

from ansible.module_utils._internal._datatag import AnsibleTagHelper
from ansible.module_utils._internal._datatag._tags import Deprecated
from ansible_collections.drover.libvirt.plugins.plugin_utils._plain import plain


def test_tagged_values_become_the_plain_types() -> None:
    """Types are exactly dict, list, str, int, float, bool and None at every depth."""
    tag = Deprecated(msg="a tag")
    tagged = AnsibleTagHelper.tag({"a": AnsibleTagHelper.tag(["x", 1, 1.5, True, None], tag)}, tag)
    assert tagged.__class__ is not dict
    value = plain(tagged)
    assert value == {"a": ["x", 1, 1.5, True, None]}
    assert value.__class__ is dict
    assert [item.__class__ for item in [value["a"], *value["a"]]] == [
        list,
        str,
        int,
        float,
        bool,
        type(None),
    ]
