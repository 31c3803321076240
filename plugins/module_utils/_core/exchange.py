# Copyright: wabiz.monitoring contributors
# SPDX-License-Identifier: BSD-2-Clause
"""One request and its answer, whoever sends it: in time, and with no other outcome than a Reply or a Trouble."""

from __future__ import annotations

from typing import Callable

from .catalogue import Trouble
from .deadline import Deadline, within
from .failure import functions
from .http import Reply, Request

Send = Callable[[Request, Deadline], Reply]
Explain = Callable[[Exception], Trouble]


def exchange(request: Request, deadline: Deadline, send: Send, explain: Explain) -> Reply:
    """What comes of a request. Raises Trouble, whatever the library that sends raises."""
    if not request.farewell:
        return _attempt(request, deadline.before_farewell() if request.farewell_follows else deadline, send, explain)
    # Where it hangs it is left behind, so that nothing can take the answer away.
    end = deadline.of_farewell()
    return within(end, lambda: _attempt(request, end, send, explain))


def _attempt(request: Request, deadline: Deadline, send: Send, explain: Explain) -> Reply:
    try:
        return send(request, deadline)
    except Trouble:
        raise
    except Exception as error:
        # Libraries raise what they like over what a server sends, and so does a machine that is out of memory.
        if deadline.over:
            raise deadline.trouble(functions(error)) from error
        raise explain(error) from error
