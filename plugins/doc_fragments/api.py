# Copyright: wabiz.monitoring contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """How modules reach the API, and as whom."""

    DOCUMENTATION = r"""
options:
  url:
    description:
      - Address of the API, when there is a path before C(/v1), or a gateway that speaks HTTP only, as in
        V(https://gateway.example.com/wa).
      - It wins over O(hostname) and O(port).
    type: str
  hostname:
    description:
      - Name or address of the host that answers the API. It must be one that the certificate was made for.
      - When neither this nor O(url) is given, C(host:port) is taken from the environment variable E(WA_WEB_ENDPOINT)
        of the host that runs the module.
    type: str
  port:
    description:
      - Port that goes with O(hostname).
    type: int
    default: 9090
  username:
    description:
      - User that logs in. Any user of the API may read the support information, it need not be an administrator.
      - Default is the environment variable E(WA_WEB_USERNAME) of the host that runs the module.
    type: str
  password:
    description:
      - Password of O(username). A login made for a task ends with the task.
      - After more than 30 failed logins an hour the API locks the address out. At most 12 logins an hour that come to
        nothing are made for a user, and one that was refused is not made again for five minutes, however many hosts of
        a play ask. C(~/.local/state/wabiz-monitoring) (or below E(XDG_STATE_HOME)) of the user who runs the module
        counts them. It holds digests and numbers, and no token.
      - Where that folder cannot be made or written, every task with a wrong password is a failed login.
      - Ansible blots it out wherever it stands in what is returned, so a password that is a common word leaves gaps.
      - Default is the environment variable E(WA_WEB_PASSWORD) of the host that runs the module. Do not set it with
        the keyword C(environment), which verbose runs print.
    type: str
  token:
    description:
      - Token of an earlier login, used in place of a new one. When it is refused and there is a password, one login
        is made.
      - Default is the environment variable E(WA_WEB_TOKEN) of the host that runs the module.
    type: str
  headers:
    description:
      - Headers that go with every request, for a gateway that wants a key of its own.
      - The values are treated as secrets.
    type: dict
  validate_certs:
    description:
      - Whether the certificate of the server must be trusted and be for its name.
      - With V(false) the password goes to whoever answers, and O(url) may begin with C(http://), which sends it in
        clear text. Give the certificate with O(ca_path) instead; the product
        makes itself a self-signed one, which can stand there.
    type: bool
    default: true
  ca_path:
    description:
      - PEM file on the host that runs the module, with the CAs or the certificates to trust. Not used with
        O(validate_certs=false).
      - Default is what Ansible finds in the places where the system keeps them.
    type: path
  client_cert:
    description:
      - PEM file on the host that runs the module, with a client certificate and, unless O(client_key) names it, its
        key.
    type: path
  client_key:
    description:
      - PEM file on the host that runs the module, with the key of O(client_cert), without a passphrase.
    type: path
  use_proxy:
    description:
      - Whether a proxy named in the environment (C(https_proxy), C(no_proxy)) of the host that runs the module is
        used. Names, addresses, networks and ports may stand in C(no_proxy); SOCKS is not supported.
    type: bool
    default: true
  timeout:
    description:
      - Seconds for everything together, the resolution of the name, the login and all the waiting included. At most
        3600.
      - The front end asks its nodes one after another and waits 10 seconds for each that drops packets, so a
        value near 10 takes one dead node for a dead API.
    type: float
    default: 30
"""
