# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""What a user asked for and cannot have."""

from __future__ import annotations


class Misuse(ValueError):
    """An option that is wrong; the text is a sentence for the user.

    Nothing else is shown as a mistake of the user's: libraries raise ValueError, too, over what a server sent.
    """
