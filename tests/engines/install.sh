#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Installs the engines that the tests start themselves, from Debian's packages: where this is Debian, run by root, and they
# are missing. Anywhere else it says what is left out, and it is no failure.
set -eu

packages="nagios4-core icinga2-bin icinga2-common nagios-nrpe-server nagios-nrpe-plugin monitoring-plugins-basic influxdb"
# The Director needs a database; this one is the server alone, and no service.
packages="$packages icingaweb2-module-director icingacli php-cli php-mysql mariadb-server-core"

missing=
PATH=$PATH:/usr/sbin
command -v nagios4 >/dev/null || missing="Nagios 4"
command -v icinga2 >/dev/null || missing="${missing:+$missing and }Icinga 2"
{ command -v nrpe && [ -x /usr/lib/nagios/plugins/check_nrpe ]; } >/dev/null || missing="${missing:+$missing and }NRPE"
[ -x /usr/lib/nagios/plugins/check_dummy ] || missing="${missing:+$missing and }the Monitoring Plugins"
command -v influxd >/dev/null || missing="${missing:+$missing and }InfluxDB"
{ command -v icingacli && command -v mariadbd && php -m | grep pdo_mysql && [ -d /usr/share/icingaweb2/modules/director ]; } \
    >/dev/null 2>&1 || missing="${missing:+$missing and }the Icinga Director"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "left out: tests that need $missing (root on Debian gets them: apt-get install --no-install-recommends $packages)"
    exit 0
fi

# The packages start their daemons, with configurations that are none of ours: forbidden for as long as this takes.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
    trap 'rm -f $policy' EXIT
    trap 'exit 1' INT TERM
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod 755 $policy
fi

echo "Installing $missing from Debian's packages ..."
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq </dev/null
# shellcheck disable=SC2086  # a list of words
apt-get install -qq --no-install-recommends $packages </dev/null >/dev/null
