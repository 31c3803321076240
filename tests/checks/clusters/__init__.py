# SPDX-License-Identifier: BSD-2-Clause
"""Clusters and what is to be said of them, as data: a table of nodes, the expected problems beside it, and why."""
