# Copyright: wabiz.monitoring contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a wheel on the controller holds."""

from __future__ import annotations

import zipfile

from ansible.errors import AnsibleFilterError
from ansible_collections.wabiz.monitoring.plugins.module_utils._host.contents import digest


def wheel_digest(path: str) -> str:
    """A digest of a wheel's files, as of what is installed. Raises AnsibleFilterError."""
    try:
        with zipfile.ZipFile(path) as wheel:
            (record,) = [name for name in wheel.namelist() if name.endswith(".dist-info/RECORD")]
            return digest(wheel.read(record).decode("utf-8"))
    except OSError as error:
        raise AnsibleFilterError("%s: %s" % (path, error.strerror)) from None
    except (ValueError, zipfile.BadZipFile):
        raise AnsibleFilterError("%s is not a wheel" % path) from None
