# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""The answer of `GET /v1/support` as frozen, typed records.

Both forms of the answer become one record: a single form is a deployment of one node without a key. Every field is
optional, as the vendor says that they vary with the installation. A field of the wrong type is noted in `defects` and
otherwise treated as absent; a field nobody has heard of is passed over.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

from .catalogue import Trouble
from .document import decode, kind
from .names import name_nodes
from .text import clean
from .times import Moment, parse_time

SINGLE = "single"
CLUSTER = "cluster"

PRIMARY = "primary_master"
SECONDARY = "secondary_master"
COREAPP = "coreapp"

VOLUMES = ("data", "logs", "media_incoming", "media_outgoing")

MOST_NODES = 1024
"""Ten times the largest cluster that the vendor documents, and more than anybody can look after."""

UNLIMITED = 2**62
"""Free bytes from here on mean "no limit": what a network file system reports is 2^63 less a little."""


LONGEST_DEFECT = 200

_LARGEST = 2**31
# Without a leading zero, which would be lost.
_NUMBER = re.compile(r"0|-?[1-9][0-9]{0,17}", re.ASCII)

BEHIND = "the web front end answers: look at its log, and at the nodes and the database behind it"
"""What to do when the API itself says that it does not work."""


class NodeError(NamedTuple):
    """Why the front end could not show a node. Text as the server sent it."""

    code: Optional[int]
    title: str
    details: str


class Node(NamedTuple):
    """One node of a deployment. None means that the answer did not say, or not soundly (see `defects`)."""

    key: str = ""
    host: str = ""
    container: Optional[str] = None
    name: str = ""
    """How people tell it from the others; clean. Empty in the single form."""
    label: str = ""
    """The same for performance data: stable over failovers and new containers. Empty in the single form."""
    error: Optional[NodeError] = None
    defects: Mapping[str, str] = {}

    context: Optional[str] = None
    db_engine: Optional[str] = None
    db_info: Optional[Tuple[str, ...]] = None
    debug_info: Optional[str] = None
    description: Optional[str] = None
    time: Optional[Moment] = None
    e2e: Optional[Mapping[str, Union[int, str]]] = None
    env: Optional[Tuple[Any, ...]] = None
    expires: Optional[Moment] = None
    free: Mapping[str, Optional[int]] = {}
    """Free bytes of each volume that was told; None is unlimited."""
    lc: Optional[str] = None
    lg: Optional[str] = None
    multi_connect: Optional[bool] = None
    os_name: Optional[str] = None
    os_version: Optional[str] = None
    role: Optional[str] = None
    schema: Optional[Mapping[str, Union[int, str]]] = None
    """Version of each part. Here and in `e2e`, what is neither a whole number nor text stands as its JSON."""
    shards: Optional[Tuple[Tuple[int, int], ...]] = None
    socket: Optional[str] = None
    version: Optional[str] = None

    @property
    def reachable(self) -> bool:
        """Whether the node itself answered the front end."""
        return self.error is None


class Deployment(NamedTuple):
    """What one answer says."""

    form: str
    front_version: Optional[str]
    nodes: Tuple[Node, ...]

    @property
    def answered(self) -> Tuple[Node, ...]:
        """The nodes that answered."""
        return tuple(node for node in self.nodes if node.reachable)


class _Unfit(ValueError):
    pass


def parse(body: bytes) -> Deployment:
    """A deployment from the body of an answer.

    Raises Trouble("invalid") when the body is no support answer at all, and Trouble("unreachable") when it is an error
    envelope that was sent with HTTP 200.
    """
    answer = decode(body)
    support = answer.get("support")
    if support is None and isinstance(answer.get("errors"), list):
        raise Trouble("unreachable", "the API answered with %s" % describe_error(read_error(answer["errors"])), BEHIND)
    if not isinstance(support, dict):
        told = "holds no 'support'" if "support" not in answer else "has %s as 'support'" % kind(support)
        raise Trouble("invalid", "the answer %s, so it is not that of /v1/support" % told)
    if not support:
        raise Trouble("invalid", "the answer has nothing under 'support'")
    meta = answer.get("meta")
    version = meta.get("version") if isinstance(meta, dict) else None
    front_version = _text(version) if isinstance(version, str) else None
    if not _is_cluster(support):
        return Deployment(SINGLE, front_version, (_single(support),))
    if len(support) > MOST_NODES:
        raise Trouble(
            "invalid", "the answer names %d nodes; more than %d are not believed" % (len(support), MOST_NODES)
        )
    return cluster(front_version, [read_node(_text(key), fields) for key, fields in support.items()])


def cluster(front_version: Optional[str], nodes: Sequence[Node]) -> Deployment:
    """A cluster of these nodes, each with its name."""
    named = name_nodes([(node.key, node.host, node.role) for node in nodes])
    return Deployment(
        CLUSTER,
        front_version,
        tuple(node._replace(name=names.name, label=names.label) for node, names in zip(nodes, named)),
    )


def read_error(errors: Any) -> NodeError:
    """The first entry of an `errors` list; what is unsound in it is left out."""
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    code, title, details = (first.get(name) for name in ("code", "title", "details"))
    return NodeError(
        code if isinstance(code, int) and not isinstance(code, bool) and abs(code) < _LARGEST else None,
        _text(title) if isinstance(title, str) else "",
        _text(details) if isinstance(details, str) else "",
    )


def describe_error(error: NodeError) -> str:
    """An error of the envelope in one clean phrase: `error 1014: Internal error (connection timed out)`."""
    number = "error" if error.code is None else "error %s" % clean(error.code, 12)
    title = ": " + clean(error.title) if error.title else ""
    details = " (%s)" % clean(error.details) if error.details else ""
    return number + title + details


def _is_cluster(support: Mapping[str, Any]) -> bool:
    # The number of nodes says nothing: a cluster with one live node still answers in cluster form, and some fields of
    # the single form are objects as well. A node is never named like a field.
    if any(key in _FIELDS or key == "errors" for key in support):
        return False
    strange = [key for key, value in support.items() if not isinstance(value, dict)]
    if strange and len(strange) < len(support):
        raise Trouble("invalid", "node %s is %s, not an object" % (clean(strange[0]), kind(support[strange[0]])))
    return not strange


def _single(support: Mapping[str, Any]) -> Node:
    node = read_node("", support)
    if node.error:
        raise Trouble("unreachable", "the front end cannot reach its node: %s" % describe_error(node.error), BEHIND)
    return node


def read_node(key: str, fields: Mapping[str, Any]) -> Node:
    """A node from the fields that stand under its key. It has no name yet."""
    host, colon, container = key.rpartition(":")
    node = Node(key=key, host=host or key, container=container if colon else None)
    known = [name for name in fields if name in _FIELDS]
    if "errors" in fields and not known:
        return node._replace(error=read_error(fields["errors"]))
    values: Dict[str, Any] = {}
    free: Dict[str, Optional[int]] = {}
    defects: Dict[str, str] = {}
    for name in known:
        attribute, read = _FIELDS[name]
        try:
            value = read(fields[name])
        except ValueError as unfit:
            defects[name] = clean(unfit, LONGEST_DEFECT)
            continue
        if name.startswith(_FREE):
            free[attribute] = value
        else:
            values[attribute] = value
    # The answer's own order says nothing; with ours, what is told of two nodes can be compared.
    ordered = {volume: free[volume] for volume in VOLUMES if volume in free}
    return node._replace(free=ordered, defects=defects, **values)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise _Unfit("%s where text belongs" % kind(value))
    # Lone surrogates are legal in JSON and fatal to everything that writes UTF-8 later.
    return value.encode("utf-8", "replace").decode("utf-8")


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _Unfit("%s where true or false belongs" % kind(value))
    return value


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value in (math.inf, -math.inf):
        raise _Unfit("%s where a whole number belongs" % kind(value))
    if value != int(value):
        raise _Unfit("a fraction where a whole number belongs")
    if abs(value) >= _LARGEST:
        raise _Unfit("%s where a whole number belongs" % clean(value, 24))
    return int(value)


def _bytes(value: Any) -> Optional[int]:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _Unfit("%s where a number of bytes belongs" % kind(value))
    if value >= UNLIMITED and value != math.inf:
        return None
    if not 0 <= value < UNLIMITED:
        raise _Unfit("%s where a number of bytes belongs" % clean(value, 24))
    return int(value)


def _time(value: Any) -> Moment:
    try:
        return parse_time(_text(value))
    except _Unfit:
        raise
    except ValueError:
        raise _Unfit("'%s' where a time such as 2018-09-27T14:26:07 belongs" % clean(value, 40)) from None


def _mapping(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _Unfit("%s where an object belongs" % kind(value))
    return value


def _plain_mapping(value: Any) -> Mapping[str, Union[int, str]]:
    # Ansible reads names of this kind as marks of its own types, wherever they stand in what a module returns.
    return {_text(name): plain(item) for name, item in _mapping(value).items() if not name.startswith("__ansible")}


def plain(value: Any) -> Union[int, str]:
    """A value that the vendor gives no type: a whole number, written as text or not, as int, text as text.

    Whatever else comes stands as its JSON, so that nothing nested or endless leaves the parser.
    """
    if isinstance(value, str):
        return int(value) if _NUMBER.fullmatch(value) else _text(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 10**18 and value == int(value):
        return int(value)
    try:
        return json.dumps(value, sort_keys=True)
    except RecursionError:
        return "nested too deeply"


def _list(value: Any) -> Tuple[Any, ...]:
    if not isinstance(value, list):
        raise _Unfit("%s where a list belongs" % kind(value))
    return tuple(value)


def _texts(value: Any) -> Tuple[str, ...]:
    return tuple(_text(item) for item in _list(value))


def _shards(value: Any) -> Tuple[Tuple[int, int], ...]:
    ranges: List[Tuple[int, int]] = []
    for pair in _list(value):
        if not isinstance(pair, list) or len(pair) != 2:
            raise _Unfit("%s where a pair [lower, upper] belongs" % kind(pair))
        lower, upper = _whole(pair[0]), _whole(pair[1])
        if not -1 <= lower <= upper < _MOST_SHARDS:
            raise _Unfit("the pair [%s, %s], which is no range of shards" % (clean(lower, 24), clean(upper, 24)))
        ranges.append((lower, upper))
    return tuple(ranges)


# Far above what the product has (1024), and small enough to be told in a sentence.
_MOST_SHARDS = 2**16
_FREE = "free_space_"
_FIELDS: Dict[str, Tuple[str, Callable[[Any], Any]]] = {
    "context": ("context", _text),
    "db_engine": ("db_engine", _text),
    "db_info": ("db_info", _texts),
    "debug_info": ("debug_info", _text),
    "description": ("description", _text),
    "device_iso8601": ("time", _time),
    "e2e": ("e2e", _plain_mapping),
    "env": ("env", _list),
    "expire_timestamp": ("expires", _time),
    "lc": ("lc", _text),
    "lg": ("lg", _text),
    "multi_connect": ("multi_connect", _flag),
    "os_name": ("os_name", _text),
    "os_version": ("os_version", _text),
    "role": ("role", _text),
    "schema": ("schema", _plain_mapping),
    "shards": ("shards", _shards),
    "socket_conn": ("socket", _text),
    "version": ("version", _text),
}
for _volume in VOLUMES:
    _FIELDS[_FREE + _volume] = (_volume, _bytes)
