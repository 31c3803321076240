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
from typing import Any, Callable, Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

from .catalogue import Trouble
from .document import decode, kind
from .names import name_nodes, show_keys
from .text import NOTHING, Foreign, Message, Place, Word, say
from .times import Moment, parse_time

SINGLE = "single"
CLUSTER = "cluster"

PRIMARY = say("primary_master")
SECONDARY = say("secondary_master")
COREAPP = say("coreapp")
ROLES = (PRIMARY, SECONDARY, COREAPP)

UP = say("UP")

VOLUMES = (say("data"), say("logs"), say("media_incoming"), say("media_outgoing"))

MOST_NODES = 192
"""Several times the largest cluster that the vendor documents. Each may have something wrong in every field, and what
is said of that takes tens of kilobytes a node: of 512 it came to twice the memory of a healthy run."""

MOST_ENTRIES = 256
"""Entries of one field: the vendor's schema has seven, and a container may have a hundred variables."""
MOST_IN_ALL = 2**13
"""Entries of all nodes together, over forty for each node that is believed. Until it is shown, each takes hundreds of
bytes for its name and its value: twice as many came to 1.5 times the memory of a healthy run."""

UNLIMITED = 2**62
"""Free bytes from here on mean "no limit": what a network file system reports is 2^63 less a little."""


_LARGEST = 2**31
_LONGEST_DETAILS = 240
# Without a leading zero, which would be lost.
_NUMBER = r"0|-?[1-9][0-9]{0,17}"
# A number that came as text, as databases, and the languages between them and us, have it.
_WRITTEN = r"[+-]?[0-9]{1,40}(?:\.[0-9]{0,40})?(?:[eE][+-]?[0-9]{1,3})?"

ANSIBLE = "__ansible"

BEHIND = say("the web front end answers: look at its log, and at the nodes and the database behind it")
"""What to do when the API itself says that it does not work."""


class NodeError(NamedTuple):
    """Why the front end could not show a node."""

    code: Optional[int]
    title: Optional[Foreign]
    details: Optional[Foreign]


class Node(NamedTuple):
    """One node of a deployment. None means that the answer did not say, or not soundly (see `defects`)."""

    key: Optional[Foreign] = None
    """`host:container`, as it came; None in the single form."""
    shown_key: Message = NOTHING
    """The same as it may be shown, unlike that of any other node; `host` and `container` are parts of this."""
    host: Message = NOTHING
    container: Optional[Message] = None
    name: Message = NOTHING
    """How people tell it from the others. Empty in the single form."""
    label: str = ""
    """The same for performance data: stable over failovers and new containers. Empty in the single form."""
    error: Optional[NodeError] = None
    defects: Mapping[str, Message] = {}

    context: Optional[Foreign] = None
    db_engine: Optional[Foreign] = None
    db_info: Optional[Tuple[Foreign, ...]] = None
    debug_info: Optional[Foreign] = None
    description: Optional[Foreign] = None
    time: Optional[Moment] = None
    e2e: Optional[Mapping[Foreign, Union[int, Foreign]]] = None
    env: Optional[Tuple[Foreign, ...]] = None
    expires: Optional[Moment] = None
    free: Mapping[Message, Optional[int]] = {}
    """Free bytes of each volume that was told; None is unlimited."""
    lc: Optional[Foreign] = None
    lg: Optional[Foreign] = None
    multi_connect: Optional[bool] = None
    os_name: Optional[Foreign] = None
    os_version: Optional[Foreign] = None
    role: Optional[Word] = None
    schema: Optional[Mapping[Foreign, Union[int, Foreign]]] = None
    """Version of each part. Here and in `e2e`, what is neither a whole number nor text stands as its JSON."""
    shards: Optional[Tuple[Tuple[int, int], ...]] = None
    socket: Optional[Word] = None
    version: Optional[Foreign] = None

    @property
    def reachable(self) -> bool:
        """Whether the node itself answered the front end."""
        return self.error is None


class Deployment(NamedTuple):
    """What one answer says."""

    form: str
    front_version: Optional[Foreign]
    nodes: Tuple[Node, ...]
    whole: Optional[Deployment] = None
    """The deployment of which this is what is left, once nodes are gone: how many shards there are, it knows better."""

    @property
    def answered(self) -> Tuple[Node, ...]:
        """The nodes that answered."""
        return tuple(node for node in self.nodes if node.reachable)


class _Unfit(Exception):
    """A value that is not what its field holds; the message says what it is, and what belongs there."""

    def __init__(self, text: Message) -> None:
        super().__init__(text)
        self.text = text


def parse(body: bytes, place: Place) -> Deployment:
    """A deployment from the body of an answer; its texts are shown by `place`.

    Raises Trouble("invalid") when the body is no support answer at all, and Trouble("unreachable") when it is an error
    envelope that was sent with HTTP 200.
    """
    answer = decode(body, place)
    support = answer.get("support")
    if support is None and isinstance(answer.get("errors"), list):
        error = describe_error(read_error(answer["errors"], place))
        raise Trouble("unreachable", say("the API answered with %s", error), BEHIND)
    if not isinstance(support, dict):
        told = say("has %s as 'support'", kind(support)) if "support" in answer else say("holds no 'support'")
        raise Trouble("invalid", say("the answer %s, so it is not that of /v1/support", told))
    if not support:
        raise Trouble("invalid", say("the answer has nothing under 'support'"))
    meta = answer.get("meta")
    version = meta.get("version") if isinstance(meta, dict) else None
    front_version = _text(version, place) if isinstance(version, str) else None
    clustered = _is_cluster(support, place)
    _hold_entries(support.values() if clustered else [support])
    if not clustered:
        return Deployment(SINGLE, front_version, (_single(support, place),))
    if len(support) > MOST_NODES:
        raise Trouble(
            "invalid", say("the answer names %d nodes; more than %d are not believed", len(support), MOST_NODES)
        )
    return cluster(front_version, [(_sound(key), read_node(fields, place)) for key, fields in support.items()], place)


def cluster(front_version: Optional[Foreign], nodes: Sequence[Tuple[str, Node]], place: Place) -> Deployment:
    """A cluster of nodes that have no keys yet, each given with its own."""
    keyed = []
    for shown, (key, node) in zip(show_keys([key for key, _node in nodes], place), nodes):
        host, colon, container = (Message(part.strip()) for part in shown.rpartition(":"))
        keyed.append(
            node._replace(
                key=Foreign(key, place), shown_key=shown, host=host or shown, container=container if colon else None
            )
        )
    named = name_nodes([(node.shown_key, node.host, node.role) for node in keyed])
    return Deployment(
        CLUSTER,
        front_version,
        tuple(node._replace(name=names.name, label=names.label) for node, names in zip(keyed, named)),
    )


def read_error(errors: Any, place: Place) -> NodeError:
    """The first entry of an `errors` list; what is unsound in it is left out."""
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    code, title, details = (first.get(name) for name in ("code", "title", "details"))
    if isinstance(code, str) and re.fullmatch(_NUMBER, code):
        code = int(code)
    sound = isinstance(code, int) and not isinstance(code, bool) and abs(code) < _LARGEST
    return NodeError(
        code if sound and not place.repeats(str(code)) else None,
        _text(title, place) if isinstance(title, str) and title else None,
        # They say at length which node and port could not be reached, and how.
        _text(details, place).within(_LONGEST_DETAILS) if isinstance(details, str) and details else None,
    )


def describe_error(error: NodeError) -> Message:
    """An error of the envelope in one phrase: `error 1014: Internal error (connection timed out)`."""
    number = describe_code(error)
    if error.title is None:
        return number if error.details is None else say("%s (%s)", number, error.details)
    if error.details is None:
        return say("%s: %s", number, error.title)
    return say("%s: %s (%s)", number, error.title, error.details)


def describe_code(error: NodeError) -> Message:
    """The number of an error alone: `error 1014`."""
    return say("error") if error.code is None else say("error %d", error.code)


def unregistered(node: Node) -> bool:
    """Whether a node says that no phone number is registered."""
    return node.debug_info is not None and node.debug_info.became(str.lower) == "unregistered"


def _hold_entries(nodes: Iterable[Mapping[str, Any]]) -> None:
    told = (fields.get(name) for fields in nodes for name in _SEVERAL)
    entries = sum(len(value) for value in told if isinstance(value, (dict, list)))
    if entries > MOST_IN_ALL:
        what = say("the answer lists %d entries in the fields of its nodes", entries)
        raise Trouble("invalid", say("%s; more than %d are not believed", what, MOST_IN_ALL))


def _is_cluster(support: Mapping[str, Any], place: Place) -> bool:
    # The number of nodes says nothing: a cluster with one live node still answers in cluster form, and some fields of
    # the single form are objects as well. A node is never named like a field.
    if any(key in _FIELDS or key == "errors" for key in support):
        return False
    strange = [key for key, value in support.items() if not isinstance(value, dict)]
    if strange and len(strange) < len(support):
        (name,) = show_keys(strange[:1], place)
        raise Trouble("invalid", say("node %s is %s, not an object", name, kind(support[strange[0]])))
    return not strange


def _single(support: Mapping[str, Any], place: Place) -> Node:
    node = read_node(support, place)
    if node.error:
        raise Trouble("unreachable", say("the front end cannot reach its node: %s", describe_error(node.error)), BEHIND)
    return node


def read_node(fields: Mapping[str, Any], place: Place) -> Node:
    """A node from its fields. It has no key yet, and no name."""
    known = [name for name in fields if name in _FIELDS]
    if fields.get("errors") or ("errors" in fields and not known):
        # Fields that stand beside errors are old ones.
        return Node(error=read_error(fields["errors"], place))
    values: Dict[str, Any] = {}
    free: Dict[str, Optional[int]] = {}
    defects: Dict[str, Message] = {}
    for name in known:
        attribute, read = _FIELDS[name]
        try:
            value = read(fields[name], place)
        except _Unfit as unfit:
            defects[name] = unfit.text
            continue
        if name.startswith(_FREE):
            free[attribute] = value
        else:
            values[attribute] = value
    # The answer's own order says nothing; with ours, what is told of two nodes can be compared.
    ordered = {volume: free[volume] for volume in VOLUMES if volume in free}
    return Node(free=ordered, defects=defects, **values)


def _sound(text: str) -> str:
    # Lone surrogates are legal in JSON and fatal to everything that writes UTF-8 later.
    return text.encode("utf-8", "replace").decode("utf-8")


def _text(value: Any, place: Place) -> Foreign:
    if not isinstance(value, str):
        raise _Unfit(say("%s where text belongs", kind(value)))
    return Foreign(_sound(value), place)


def _flag(value: Any, place: Place) -> bool:
    if isinstance(value, str):
        value = {"true": True, "false": False}.get(value.strip().lower(), value)
    if not isinstance(value, bool):
        raise _Unfit(say("%s where true or false belongs", kind(value)))
    return value


def _number(value: Any, place: Place, wanted: Message) -> float:
    if isinstance(value, str):
        text = value.strip()
        if not re.fullmatch(_WRITTEN, text):
            raise _Unfit(say("'%s' where %s belongs", _text(value, place).within(24), wanted))
        value = int(text) if text.lstrip("+-").isdigit() else float(text)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _Unfit(say("%s where %s belongs", kind(value), wanted))
    return value


_WHOLE = say("a whole number")
_OF_BYTES = say("a number of bytes")


def _whole(value: Any, place: Place) -> int:
    value = _number(value, place, _WHOLE)
    if value in (math.inf, -math.inf):
        raise _Unfit(say("%s where %s belongs", kind(value), _WHOLE))
    if value != int(value):
        raise _Unfit(say("a fraction where %s belongs", _WHOLE))
    if abs(value) >= _LARGEST:
        raise _Unfit(say("%s where %s belongs", _spelled(value, place), _WHOLE))
    return int(value)


def _bytes(value: Any, place: Place) -> Optional[int]:
    value = _number(value, place, _OF_BYTES)
    if value >= UNLIMITED and value != math.inf:
        return None
    if not 0 <= value < UNLIMITED:
        raise _Unfit(say("%s where %s belongs", _spelled(value, place), _OF_BYTES))
    return int(value)


def _spelled(number: float, place: Place) -> Foreign:
    # It may have hundreds of digits.
    return Foreign(str(number), place, 24)


def _time(value: Any, place: Place) -> Moment:
    text = _text(value, place)
    try:
        return parse_time(value)
    except ValueError:
        raise _Unfit(say("'%s' where a time such as 2018-09-27T14:26:07 belongs", text.within(40))) from None


def _mapping(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _Unfit(say("%s where an object belongs", kind(value)))
    _hold_number(len(value))
    return value


def _hold_number(entries: int) -> None:
    if entries > MOST_ENTRIES:
        raise _Unfit(say("%d entries where at most %d belong", entries, MOST_ENTRIES))


def _plain_mapping(value: Any, place: Place) -> Mapping[Foreign, Union[int, Foreign]]:
    # Ansible reads names of this kind as marks of its own types, wherever they stand in what a module returns.
    names = (name for name in _mapping(value) if not name.startswith(ANSIBLE))
    return {_text(name, place): _plain(value[name], place) for name in names}


def _plain(value: Any, place: Place) -> Union[int, Foreign]:
    """A value that the vendor gives no type: a whole number, written as text or not, as int, text as text.

    Whatever else comes stands as its JSON, so that nothing nested or endless leaves the parser.
    """
    if isinstance(value, str):
        return int(value) if re.fullmatch(_NUMBER, value) else _text(value, place)
    if isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 10**18 and value == int(value):
        return int(value)
    try:
        return Foreign(json.dumps(value, sort_keys=True), place)
    except RecursionError:
        return Foreign("nested too deeply", place)


def _list(value: Any) -> Tuple[Any, ...]:
    if not isinstance(value, list):
        raise _Unfit(say("%s where a list belongs", kind(value)))
    _hold_number(len(value))
    return tuple(value)


def _texts(value: Any, place: Place) -> Tuple[Foreign, ...]:
    return tuple(_text(item, place) for item in _list(value))


def _plain_texts(value: Any, place: Place) -> Tuple[Foreign, ...]:
    plain = (_plain(item, place) for item in _list(value))
    return tuple(item if isinstance(item, Foreign) else Foreign(str(item), place) for item in plain)


def _shards(value: Any, place: Place) -> Tuple[Tuple[int, int], ...]:
    ranges: List[Tuple[int, int]] = []
    for pair in _list(value):
        if not isinstance(pair, list) or len(pair) != 2:
            raise _Unfit(say("%s where a pair [lower, upper] belongs", kind(pair)))
        lower, upper = _whole(pair[0], place), _whole(pair[1], place)
        if not -1 <= lower <= upper < _MOST_SHARDS:
            raise _Unfit(say("the pair [%d, %d], which is no range of shards", lower, upper))
        ranges.append((lower, upper))
    return tuple(ranges)


# Far above what the product has (1024), and small enough to be told in a sentence.
_MOST_SHARDS = 2**16
_FREE = "free_space_"
_SEVERAL = ("db_info", "e2e", "env", "schema", "shards")
"""Fields of several entries."""
_FIELDS: Dict[str, Tuple[str, Callable[[Any, Place], Any]]] = {
    "context": ("context", _text),
    "db_engine": ("db_engine", _text),
    "db_info": ("db_info", _texts),
    "debug_info": ("debug_info", _text),
    "description": ("description", _text),
    "device_iso8601": ("time", _time),
    "e2e": ("e2e", _plain_mapping),
    "env": ("env", _plain_texts),
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
