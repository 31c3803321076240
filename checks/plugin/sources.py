# SPDX-License-Identifier: BSD-2-Clause
"""The source that the settings ask for."""

from typing import TYPE_CHECKING

from wabiz_monitoring._core.address import UNENCRYPTED, shown
from wabiz_monitoring._core.misuse import Misuse
from wabiz_monitoring._core.redaction import Redaction
from wabiz_monitoring._edge.files import Files
from wabiz_monitoring.source import Source

from .options import UsageError
from .parser import Settings

if TYPE_CHECKING:
    from wabiz_monitoring._edge.keeper import DiskKeeper


def source(settings: Settings, files: Files, notes: list[str], place: Redaction) -> Source:
    """A saved answer or a living API; what the user should know of it goes into `notes`, what it says to `place`.

    Only the source that is wanted is imported: requests is most of the start-up time.
    """
    if settings.file is not None:
        from wabiz_monitoring.source.saved import Saved

        return Saved(settings.file, place)
    from wabiz_monitoring.source.api import Api

    assert settings.url is not None
    if settings.verbose and not settings.url.startswith("https://"):
        notes.append(UNENCRYPTED)
    if settings.verbose > 1:
        notes.append(f"asking {shown(settings.url)}")
    try:
        keeper = _keeper(settings, settings.url, files, notes) if settings.credentials.can_log_in else None
        return Api(settings.url, settings.credentials, settings.tls, settings.headers, files, place, keeper)
    except Misuse as error:
        raise UsageError(str(error)) from None


def _keeper(settings: Settings, url: str, files: Files, notes: list[str]) -> "DiskKeeper | None":
    from wabiz_monitoring._edge.folder import NONE, default_directory
    from wabiz_monitoring._edge.keeper import DiskKeeper, caller
    from wabiz_monitoring.source.api import NAMES

    if settings.state_dir == NONE:
        return None
    directory = settings.state_dir or default_directory()
    cert = settings.tls.client_cert
    who = caller(settings.headers, files.pem(NAMES.client_cert, cert) if cert else b"")
    keeper = DiskKeeper(directory, url, settings.credentials, who, limit=settings.timeout)
    # Who named a folder wants to know; the default one may well not be there, in a container say.
    if keeper.why_not and (settings.state_dir or settings.verbose):
        notes.append(f"no token is kept, and no failed login remembered: {directory}: {keeper.why_not}")
    if settings.verbose > 1 and settings.credentials.token is None and keeper.token() is not None:
        notes.append("with the token that an earlier login was given: the password is not tried while that is taken")
    return keeper
