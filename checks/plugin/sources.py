# SPDX-License-Identifier: BSD-2-Clause
"""The source that the settings ask for."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from wabiz_monitoring._core.misuse import Misuse
from wabiz_monitoring._edge.files import Files
from wabiz_monitoring.source import Source

from .options import UsageError
from .parser import Settings

if TYPE_CHECKING:
    from wabiz_monitoring.source.tokens import DiskKeeper


def source(settings: Settings, files: Files, notes: list[str], sends: Callable[[str], object]) -> Source:
    """A saved answer or a living API; what the user should know of it goes into `notes`, secrets go to `sends`.

    Only the source that is wanted is imported: requests is most of the start-up time.
    """
    if settings.file is not None:
        from wabiz_monitoring.source.saved import Saved

        return Saved(settings.file)
    from wabiz_monitoring.source.api import Api

    assert settings.url is not None
    keeper = _keeper(settings, settings.url, notes) if settings.credentials.can_log_in else None
    if settings.verbose > 1:
        notes.append(f"asking {settings.url}")
    try:
        return Api(settings.url, settings.credentials, settings.tls, settings.headers, files, keeper, sends)
    except Misuse as error:
        raise UsageError(str(error)) from None


def _keeper(settings: Settings, url: str, notes: list[str]) -> "DiskKeeper | None":
    from wabiz_monitoring.source.tokens import NONE, DiskKeeper, default_directory

    if settings.state_dir == NONE:
        return None
    directory = settings.state_dir or default_directory()
    keeper = DiskKeeper(directory, url, settings.credentials)
    # Who named a folder wants to know; the default one may well not be there, in a container say.
    if keeper.why_not and (settings.state_dir or settings.verbose):
        notes.append(f"no token is kept: {directory}: {keeper.why_not}")
    return keeper
