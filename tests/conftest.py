# SPDX-License-Identifier: BSD-2-Clause
"""Being here, it lets every test import what stands beside it: ``collection`` and ``distribution``."""
