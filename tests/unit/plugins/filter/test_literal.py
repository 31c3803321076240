# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""Values as they are written into the configurations of engines. That they are read back is tested beside `_places`."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.wabiz.monitoring.plugins.filter.literal import FilterModule, literal
from ansible_collections.wabiz.monitoring.plugins.plugin_utils._places import PLACES

#: A place, a value, and what is written.
WRITTEN: list[tuple[str, Any, str]] = [
    ("nagios_value", "Berlin! 5 $", "Berlin! 5 $"),
    ("nagios_value", "a; b", "a\\; b"),
    ("nagios_value", "a\\", "a\\\\"),
    ("nagios_argument", "'[!1]' $HOME; x", "'[\\!1]' $$HOME\\; x"),
    ("nrpe_command", "'[!1]' $ARG1$; x", "'[!1]' $$ARG1$$; x"),
    ("icinga2_string", 'the "big" one, 5 $ \\', '"the \\"big\\" one, 5 $ \\\\"'),
    ("icinga2_string", "ü🙂 ", '"ü🙂 "'),
    ("icinga2_variable", "$address$", '"$$address$$"'),
    ("icinga2_variable", ["a", '"', 4], '["a", "\\"", 4]'),
    ("icinga2_variable", 45.5, "45.5"),
    ("number", 60, "60"),
    ("number", 60.0, "60"),
    ("number", "2592000", "2592000"),
    ("number", 1 / 60, "0.016667"),
    ("number", "100", "100"),
]
REFUSED: list[tuple[str, Any]] = [
    *((place, "a\nb") for place in PLACES),
    *((place, "a\x85b") for place in PLACES),
    *((place, None) for place in PLACES),
    *((place, {"a": "b"}) for place in PLACES),
    *(
        (place, text)
        for place in ("nagios_value", "nagios_argument", "nrpe_command")
        for text in (" a", "a ", 5, ["a"])
    ),
    ("icinga2_string", 5),
    ("icinga2_variable", ["a\n"]),
    ("icinga2_variable", True),
    *(("number", value) for value in ("", "5m", "nan", "inf", float("nan"), 1e12, True, "1; x")),
]


@pytest.mark.parametrize(("place", "value", "text"), WRITTEN)
def test_a_value_is_written_to_mean_itself(place: str, value: Any, text: str) -> None:
    assert literal(value, place) == text


@pytest.mark.parametrize(("place", "value"), REFUSED)
def test_what_cannot_stand_in_a_place_is_refused(place: str, value: Any) -> None:
    with pytest.raises(AnsibleFilterError):
        literal(value, place)


def test_a_place_is_one_that_there_is() -> None:
    with pytest.raises(AnsibleFilterError, match="'shell' is not a place"):
        literal("a", "shell")
    assert FilterModule().filters() == {"literal": literal}
