# Copyright: wabiz.monitoring contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The variables of the role predeploy_gate that say on what terms it opens, read as the module health_gate does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.wabiz.monitoring.plugins.module_utils._core.gate import policy_of
from ansible_collections.wabiz.monitoring.plugins.module_utils._core.misuse import Misuse
from ansible_collections.wabiz.monitoring.plugins.module_utils._terms import OPTIONS, terms_of

PREFIX = "predeploy_gate_"
LATER = "after_"
"""What comes before the name of an option whose value only counts afterwards."""


def mistakes(said: Mapping[str, Any]) -> list[str]:
    """A sentence for each variable that does not hold what it should. What is None is not set."""
    given = {name.removeprefix(PREFIX): value for name, value in said.items() if value is not None}
    return [
        "%s%s%s" % (PREFIX, LATER if name.startswith(LATER) else "", sentence)
        for name, value in given.items()
        for sentence in _objections(name.removeprefix(LATER), value)
    ]


def _objections(option: str, value: Any) -> Iterator[str]:
    """What is wrong with an option, in sentences that begin with its name."""
    read = ArgumentSpecValidator({option: OPTIONS[option]}).validate({option: value})
    if read.error_messages:
        yield "%s: %s" % (option, "; ".join(read.error_messages))
        return
    defaults = {name: spec.get("default") for name, spec in OPTIONS.items()}
    try:
        policy_of(terms_of({**defaults, **read.validated_parameters}), datetime.now(timezone.utc))
    except Misuse as error:
        yield str(error)
