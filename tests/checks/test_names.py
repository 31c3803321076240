# SPDX-License-Identifier: BSD-2-Clause
"""What nodes are called: short in a sentence, lasting in a graph."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wabiz_monitoring._core.names import family, name_nodes

PRIMARY, SECONDARY, COREAPP = "primary_master", "secondary_master", "coreapp"

CALLED = [
    # (key, host, role) of each node, then (name, label) of each
    ([("wa1:a", "wa1", COREAPP), ("wa2:b", "wa2", PRIMARY)], [("wa1", "wa1_coreapp"), ("wa2", "wa2_master")]),
    # Both families on one host: the family tells them apart.
    (
        [("wa1:a", "wa1", COREAPP), ("wa1:b", "wa1", SECONDARY)],
        [("wa1 coreapp", "wa1_coreapp"), ("wa1 master", "wa1_master")],
    ),
    # Two of one family on one host: the key tells people, an ordinal tells graphs; the order is that of the keys.
    (
        [("wa1:b", "wa1", COREAPP), ("wa1:a", "wa1", COREAPP), ("wa1:m", "wa1", PRIMARY)],
        [("wa1:b", "wa1_coreapp_2"), ("wa1:a", "wa1_coreapp"), ("wa1 master", "wa1_master")],
    ),
    # Nobody knows the role of a node that cannot be reached.
    ([("wa1:a", "wa1", None), ("wa2:b", "wa2", COREAPP)], [("wa1", "wa1"), ("wa2", "wa2_coreapp")]),
    ([("wa1:a", "wa1", None), ("wa1:b", "wa1", COREAPP)], [("wa1:a", "wa1"), ("wa1 coreapp", "wa1_coreapp")]),
    ([("wa1", "wa1", COREAPP)], [("wa1", "wa1_coreapp")]),
    ([("wa1", "wa1", "a new role")], [("wa1", "wa1")]),
    # Hosts that differ for people but not for graphs.
    (
        [("wa 1:a", "wa 1", COREAPP), ("wa_1:b", "wa_1", COREAPP)],
        [("wa 1", "wa_1_coreapp"), ("wa_1", "wa_1_coreapp_2")],
    ),
    ([("a|b\n:c", "a|b\n", None), ("東京:c", "東京", None)], [("a/b", "a_b"), ("東京", "node")]),
    # A host that is called like the label of another node.
    (
        [("wa1:a", "wa1", COREAPP), ("wa1_coreapp", "wa1_coreapp", None)],
        [("wa1", "wa1_coreapp"), ("wa1_coreapp", "wa1_coreapp_2")],
    ),
    # And one that is called like the next label, too.
    (
        [("wa_1_coreapp_2", "wa_1_coreapp_2", None), ("wa|1:a", "wa|1", COREAPP), ("wa|1:b", "wa|1", COREAPP)],
        [("wa_1_coreapp_2", "wa_1_coreapp_2"), ("wa/1:a", "wa_1_coreapp"), ("wa/1:b", "wa_1_coreapp_3")],
    ),
    ([], []),
]


@pytest.mark.parametrize(("nodes", "called"), CALLED)
def test_a_node_has_the_shortest_name_and_the_label_that_lasts(
    nodes: list[tuple[str, str, str | None]], called: list[tuple[str, str]]
) -> None:
    assert name_nodes(nodes) == called


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
).map(lambda nodes: [(f"{host}:{container}", host, role) for container, host, role in nodes])


@given(_NODES, st.randoms())
def test_labels_are_unique_and_do_not_depend_on_the_order_of_the_answer(
    nodes: list[tuple[str, str, str | None]], random: object
) -> None:
    called = dict(zip([node[0] for node in nodes], name_nodes(nodes), strict=True))
    assert len({names.label for names in called.values()}) == len(called)
    shuffled = sorted(nodes, key=lambda _node: random.random())  # type: ignore[attr-defined]
    assert dict(zip([node[0] for node in shuffled], name_nodes(shuffled), strict=True)) == called
    for names in called.values():
        assert names.name.isprintable()
        assert names.label.isascii()
        assert not set(names.label) & set(" '=|;")


@given(_NODES)
def test_a_primary_that_hands_over_keeps_every_label(nodes: list[tuple[str, str, str | None]]) -> None:
    swap = {PRIMARY: SECONDARY, SECONDARY: PRIMARY}
    after = [(key, host, swap.get(role or "", role)) for key, host, role in nodes]
    assert name_nodes(after) == name_nodes(nodes)
