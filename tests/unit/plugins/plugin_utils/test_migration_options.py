# Copyright: (c) 2026, The Drover authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an operator may say about how VMs are migrated, and how wrong options are refused."""

from __future__ import annotations

import pytest
import yaml
from ansible_collections.drover.libvirt.plugins.doc_fragments.migration import ModuleDocFragment
from ansible_collections.drover.libvirt.plugins.module_utils._request.argspec import (
    InvalidOption,
    migration_argument_spec,
)
from ansible_collections.drover.libvirt.plugins.plugin_utils._migration_options import (
    check_migration_options,
)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"bandwith_mib_s": 5}, "no option bandwith_mib_s; did you mean bandwidth_mib_s?"),
        ({"colour": "red"}, "no option colour; there are abort_timeout_s, announce"),
        ({"bandwidth_mib_s": "fast"}, "'bandwidth_mib_s' is of type"),
        ({"post_copy": "always"}, "value of post_copy must be one of: never, on_stall"),
        ({"max_downtime_ms": 0}, "max_downtime_ms must be positive"),
        ("fast", "must be a mapping, not 'fast'"),
    ],
    ids=str,
)
def test_a_wrong_option_is_one_sentence(given: object, sentence: str) -> None:
    """The sentence names the option and what would be right."""
    with pytest.raises(InvalidOption) as refused:
        check_migration_options(given)
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)


def test_options_get_their_types_and_the_others_their_defaults() -> None:
    """What comes from the command line as text is a number afterwards."""
    checked = check_migration_options({"bandwidth_mib_s": "20", "auto_converge": "no"})
    assert (checked["bandwidth_mib_s"], checked["auto_converge"]) == (20, False)
    assert checked["max_downtime_ms"] == 500
    assert check_migration_options(None) == check_migration_options({})


def test_both_forms_of_the_documentation_describe_the_same_options() -> None:
    """The nested form is the flat one below C(migration), and both are the argument spec's."""
    flat = yaml.safe_load(ModuleDocFragment.DOCUMENTATION)["options"]
    nested = yaml.safe_load(ModuleDocFragment.NESTED)["options"]["migration"]["suboptions"]
    assert set(flat) == set(nested) == set(migration_argument_spec())
    for name, option in migration_argument_spec().items():
        documented = {key: flat[name][key] for key in option if key in flat[name]}
        assert documented == {k: v for k, v in option.items() if v is not None}, name
