# SPDX-License-Identifier: BSD-2-Clause
"""What nodes are called: short in a sentence, lasting in a graph."""

from __future__ import annotations

import pytest
from documents import PLACE
from hypothesis import given
from hypothesis import strategies as st
from wabiz_monitoring._core.deployment import Node, cluster
from wabiz_monitoring._core.names import family
from wabiz_monitoring._core.text import Foreign

PRIMARY, SECONDARY, COREAPP = "primary_master", "secondary_master", "coreapp"

CALLED = [
    # (key, role) of each node, then (name, label) of each
    ([("wa1:a", COREAPP), ("wa2:b", PRIMARY)], [("wa1", "wa1_coreapp"), ("wa2", "wa2_master")]),
    # Both families on one host: the family tells them apart.
    (
        [("wa1:a", COREAPP), ("wa1:b", SECONDARY)],
        [("wa1 coreapp", "wa1_coreapp"), ("wa1 master", "wa1_master")],
    ),
    # Two of one family on one host: the key tells people, an ordinal tells graphs; the order is that of the keys.
    (
        [("wa1:b", COREAPP), ("wa1:a", COREAPP), ("wa1:m", PRIMARY)],
        [("wa1:b", "wa1_coreapp_2"), ("wa1:a", "wa1_coreapp"), ("wa1 master", "wa1_master")],
    ),
    # Nobody knows the role of a node that cannot be reached.
    ([("wa1:a", None), ("wa2:b", COREAPP)], [("wa1", "wa1"), ("wa2", "wa2_coreapp")]),
    ([("wa1:a", None), ("wa1:b", COREAPP)], [("wa1:a", "wa1"), ("wa1 coreapp", "wa1_coreapp")]),
    ([("wa1", COREAPP)], [("wa1", "wa1_coreapp")]),
    ([("wa1", "a new role")], [("wa1", "wa1")]),
    # Hosts that differ for people but not for graphs.
    (
        [("wa 1:a", COREAPP), ("wa_1:b", COREAPP)],
        [("wa 1", "wa_1_coreapp"), ("wa_1", "wa_1_coreapp_2")],
    ),
    # What is no ASCII is shown by number: it may look like something else, or like nothing.
    ([("a|b\n:c", None), ("東京:c", None)], [("a/bU+000A", "a_bU_000A"), ("U+6771U+4EAC", "U_6771U_4EAC")]),
    (
        [("wa1\u3164:c", None), ("wa1:c", None), ("w\u0430\u0301:c", None)],
        [("wa1U+3164", "wa1U_3164"), ("wa1", "wa1"), ("wU+0430U+0301", "wU_0430U_0301")],
    ),
    # And what comes out alike all the same is numbered.
    (
        [("wa|1:c", None), ("wa/1:c", None), ("wa/1 :c", None)],
        [("wa/1:c #2", "wa_1_3"), ("wa/1:c", "wa_1_2"), ("wa/1 :c", "wa_1")],
    ),
    ([("", None), ("(no name)", None)], [("(no name)", "no_name"), ("(no name) #2", "no_name_2")]),
    # A host that is called like another one and its family.
    (
        [("wa1 coreapp:x", None), ("wa1:a", COREAPP), ("wa1:m", PRIMARY)],
        [("wa1 coreapp", "wa1_coreapp"), ("wa1:a", "wa1_coreapp_2"), ("wa1 master", "wa1_master")],
    ),
    # A host that is called like the label of another node.
    (
        [("wa1:a", COREAPP), ("wa1_coreapp", None)],
        [("wa1", "wa1_coreapp"), ("wa1_coreapp", "wa1_coreapp_2")],
    ),
    # And one that is called like the next label, too.
    (
        [("wa_1_coreapp_2", None), ("wa~1:a", COREAPP), ("wa~1:b", COREAPP)],
        [("wa_1_coreapp_2", "wa_1_coreapp_2"), ("wa~1:a", "wa_1_coreapp"), ("wa~1:b", "wa_1_coreapp_3")],
    ),
    # A dot in a label is a folder to Graphite.
    (
        [("wa1.example.com:a", COREAPP), ("10.0.0.7:b", PRIMARY)],
        [("wa1.example.com", "wa1_example_com_coreapp"), ("10.0.0.7", "10_0_0_7_master")],
    ),
    (
        [("wa1.x:a", COREAPP), ("wa1_x:b", COREAPP)],
        [("wa1.x", "wa1_x_coreapp"), ("wa1_x", "wa1_x_coreapp_2")],
    ),
    ([], []),
]


def called(nodes: list[tuple[str, str | None]]) -> list[tuple[str, str]]:
    """Name and label of each node."""
    keyed = [(key, Node(role=None if role is None else Foreign(role, PLACE))) for key, role in nodes]
    made = cluster(None, keyed, PLACE)
    return [(node.name, node.label) for node in made.nodes]


@pytest.mark.parametrize(("nodes", "names"), CALLED)
def test_a_node_has_the_shortest_name_and_the_label_that_lasts(
    nodes: list[tuple[str, str | None]], names: list[tuple[str, str]]
) -> None:
    assert called(nodes) == names


def test_of_hosts_that_begin_alike_at_length_each_keeps_its_label_when_another_goes() -> None:
    hosts = [f"whatsapp-coreapp-in-a-namespace-of-its-own-with-host-{at}.example.com" for at in range(3)]
    labels = dict(
        zip(hosts, (label for _name, label in called([(f"{host}:c", COREAPP) for host in hosts])), strict=True)
    )
    assert len(set(labels.values())) == 3
    assert all(len(label) <= 48 + len("_coreapp") for label in labels.values())
    for host, label in labels.items():
        assert [only for _name, only in called([(f"{host}:c", COREAPP)])] == [label]


def test_a_failover_does_not_change_the_family() -> None:
    assert family(PRIMARY) == family(SECONDARY) == "master"
    assert family(COREAPP) == "coreapp"
    assert family(None) == family("") == family("a new role") == ""


_HOSTS = st.sampled_from(["wa1", "wa2", "wa 1", "wa_1", "wa1_coreapp", ""]) | st.text(max_size=60)
_NODES = st.lists(
    st.tuples(
        st.text("abc", min_size=1, max_size=4), _HOSTS, st.sampled_from([PRIMARY, SECONDARY, COREAPP, None, "x"])
    ),
    max_size=12,
    unique_by=lambda node: (node[1], node[0]),
).map(lambda nodes: [(f"{host}:{container}", role) for container, host, role in nodes])


@given(_NODES, st.randoms())
def test_labels_are_unique_and_do_not_depend_on_the_order_of_the_answer(
    nodes: list[tuple[str, str | None]], random: object
) -> None:
    told = dict(zip([node[0] for node in nodes], called(nodes), strict=True))
    assert len({label for _name, label in told.values()}) == len(told)
    shuffled = sorted(nodes, key=lambda _node: random.random())  # type: ignore[attr-defined]
    assert dict(zip([node[0] for node in shuffled], called(shuffled), strict=True)) == told
    for name, label in told.values():
        assert name.isprintable()
        assert label.isascii()
        assert not set(label) & set(" '=|;.")


@given(_NODES)
def test_no_two_nodes_look_alike(nodes: list[tuple[str, str | None]]) -> None:
    names = [name for name, _label in called(nodes)]
    assert len({" ".join(name.split()) for name in names}) == len(names)
    assert all(name.isascii() for name in names)


@given(_NODES)
def test_a_primary_that_hands_over_keeps_every_label(nodes: list[tuple[str, str | None]]) -> None:
    swap = {PRIMARY: SECONDARY, SECONDARY: PRIMARY}
    after = [(key, swap.get(role or "", role)) for key, role in nodes]
    assert called(after) == called(nodes)
