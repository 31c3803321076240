# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""On what terms a gate opens: the options of health_gate, which are those of the role predeploy_gate, too."""

from __future__ import annotations

from typing import Any, Dict, Mapping, Union

from ._core.gate import Terms
from ._core.misuse import Misuse

FAIL_ON = ["critical", "unknown", "warning"]
OPTIONS: Dict[str, Dict[str, Any]] = {
    "fail_on": {"type": "list", "elements": "str", "choices": FAIL_ON, "default": FAIL_ON[:2]},
    "states": {"type": "dict", "default": {}},
    "min_free_space": {"type": "raw"},
    "min_build_lifetime": {"type": "str"},
    "max_clock_offset": {"type": "str"},
    "shards": {"type": "int"},
    "min_spares": {"type": "int", "default": 1},
    "min_nodes": {"type": "dict", "default": {}},
    "without": {"type": "list", "elements": "str", "default": []},
    "ignore_nodes": {"type": "list", "elements": "str", "default": []},
    "support": {"type": "dict"},
}


def terms_of(params: Mapping[str, Any]) -> Terms:
    """The terms that the module's options state. Raises Misuse, with a sentence for the user."""
    return Terms(
        states={str(problem): str(state) for problem, state in (params["states"] or {}).items()},
        min_free_space=_space(params["min_free_space"]),
        min_build_lifetime=params["min_build_lifetime"],
        max_clock_offset=params["max_clock_offset"],
        shards=params["shards"],
        min_spares=params["min_spares"],
        min_nodes={str(pattern): _number(number) for pattern, number in (params["min_nodes"] or {}).items()},
        without=params["without"] or (),
        ignore_nodes=params["ignore_nodes"] or (),
        fail_on=params["fail_on"] or (),
    )


def _space(given: Any) -> Union[str, Dict[str, str], None]:
    if given is None:
        return None
    if isinstance(given, Mapping):
        return {str(volume): _size(size) for volume, size in given.items()}
    return _size(given)


def _size(given: Any) -> str:
    if isinstance(given, bool) or not isinstance(given, (str, int, float)):
        raise Misuse("min_free_space: write a size such as 10GiB, or a dictionary of sizes by volume")
    return str(given)


def _number(given: Any) -> int:
    try:
        return int(str(given))
    except ValueError:
        raise Misuse("min_nodes: %r is no number of nodes" % given) from None
