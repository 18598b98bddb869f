#!/usr/bin/env bash
# Installs what the tests talk to: other DNS servers, DNS tools, AWS clients.
# Does nothing for what is there already. Needs root (or sudo) only if something
# is missing; servers are installed without being started.
set -euo pipefail
cd "$(dirname "$0")/.."

source test/install.sh

need named bind9
need dig bind9-dnsutils
need nsupdate bind9-dnsutils
need knotd knot
need kdig knot-dnsutils
need nsd nsd
need gdnsd gdnsd
need dnsperf dnsperf
need ip iproute2
need taskset util-linux
need curl curl
need python3 python3
python3 -c 'import boto3' 2>/dev/null || packages+=(python3-boto3)
need aws awscli

install_packages

# The JavaScript SDK, for test/interop.
if [ -f test/interop/js/package.json ] && [ ! -d test/interop/js/node_modules ]; then
	(cd test/interop/js && npm ci --silent --no-audit --no-fund)
fi
