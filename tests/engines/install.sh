#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Installs the engines and tools that the tests start themselves, from Debian's packages: `install.sh`. What is missing, and
# what would install it, says `install.sh look`, which changes nothing.
#
# Nothing is started, and nothing is enabled for the next boot that was not before; of what was downloaded nothing is kept.
set -eu

packages="nagios4-core icinga2-bin icinga2-common nagios-nrpe-server nagios-nrpe-plugin monitoring-plugins-basic influxdb"
# The Director needs a database; this one is the server alone, and no service.
packages="$packages icingaweb2-module-director icingacli php-cli php-mysql mariadb-server-core"
# What the pages have their readers type.
packages="$packages curl"

missing=
lacks() {
    missing="${missing:+$missing, }$1"
}
PATH=$PATH:/usr/sbin
command -v nagios4 >/dev/null || lacks "Nagios 4"
command -v icinga2 >/dev/null || lacks "Icinga 2"
{ command -v nrpe && [ -x /usr/lib/nagios/plugins/check_nrpe ]; } >/dev/null || lacks NRPE
[ -x /usr/lib/nagios/plugins/check_dummy ] || lacks "the Monitoring Plugins"
command -v influxd >/dev/null || lacks InfluxDB
{ command -v icingacli && command -v mariadbd && php -m | grep pdo_mysql && [ -d /usr/share/icingaweb2/modules/director ]; } \
    >/dev/null 2>&1 || lacks "the Icinga Director"
command -v curl >/dev/null || lacks curl
[ -n "$missing" ] || exit 0

if [ "${1:-}" = look ]; then
    echo "left out: tests that need $missing (on Debian, root gets them by: make engines)"
    exit 0
fi
if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "not installed: $missing (root on Debian gets them: apt-get install --no-install-recommends $packages)"
    exit 0
fi

# What init starts at the next boot: of systemd, and of the scripts that it takes for services.
enabled() {
    find /etc/systemd/system /etc/rc[2-5S].d ! -name 'K*' -type l 2>/dev/null | sort
}
work=$(mktemp -d)
policy=/usr/sbin/policy-rc.d
ours=
enabled >"$work/before"

finish() {
    status=$?
    trap - EXIT
    enabled | comm -13 "$work/before" - | while read -r link; do
        case $link in
            # A link to start a script has the script's name behind S and two digits.
            /etc/rc*) update-rc.d "$(basename "$link" | sed 's/^S..//')" disable >/dev/null 2>&1 || rm -f "$link" ;;
            *) rm -f "$link" ;;
        esac
    done
    [ -z "$ours" ] || rm -f $policy
    rm -rf "$work"
    exit "$status"
}
trap finish EXIT
trap 'exit 1' INT TERM

# The packages start their daemons, with configurations that are none of ours: forbidden for as long as this takes.
if [ ! -e $policy ]; then
    ours=yes
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod 755 $policy
fi

echo "Installing $missing from Debian's packages ..."
export DEBIAN_FRONTEND=noninteractive
mkdir -p "$work/archives/partial"
# It fetches as a user of its own where it may write.
chown _apt "$work" "$work/archives/partial" 2>/dev/null || true
apt-get update -qq </dev/null
# shellcheck disable=SC2086  # a list of words
apt-get install -qq --no-install-recommends -o Dir::Cache::archives="$work/archives" $packages </dev/null >/dev/null
