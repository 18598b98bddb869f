#!/usr/bin/env bash
# Installs what the benchmarks compare with and measure by. Does nothing for
# what is there already. moto_server is used if it is there; Debian has none.
set -euo pipefail
cd "$(dirname "$0")/../.."

source test/install.sh

need gdnsd gdnsd
need nsd nsd
need knotd knot
need named bind9
need named-compilezone bind9-utils
need pdns_server pdns-server
need sqlite3 sqlite3
[ -n "$(find /usr/lib -name libbindbackend.so -print -quit)" ] || packages+=(pdns-backend-bind)
[ -n "$(find /usr/lib -name libgsqlite3backend.so -print -quit)" ] || packages+=(pdns-backend-sqlite3)
[ -n "$(find /usr/lib -name libgeoipbackend.so -print -quit)" ] || packages+=(pdns-backend-geoip)
need dnsperf dnsperf
need kxdpgun knot-dnsutils
need unbound unbound
need taskset util-linux

install_packages
