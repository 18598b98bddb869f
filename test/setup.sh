#!/usr/bin/env bash
# Installs what the tests talk to: other DNS servers, DNS tools, AWS clients.
# Does nothing for what is there already. Needs root (or sudo) only if something
# is missing; servers are installed without being started.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=()
need() { # need PROGRAM PACKAGE…: the packages, unless the program is there
	local program=$1
	shift
	if ! command -v "$program" >/dev/null && [ ! -x "/usr/sbin/$program" ]; then
		packages+=("$@")
	fi
}
need named bind9
need dig bind9-dnsutils
need nsupdate bind9-dnsutils
need knotd knot
need kdig knot-dnsutils
need nsd nsd
need curl curl
need python3 python3
python3 -c 'import boto3' 2>/dev/null || packages+=(python3-boto3)
need aws awscli

if [ ${#packages[@]} -gt 0 ]; then
	echo "installing ${packages[*]}"
	sudo=""
	[ "$(id -u)" = 0 ] || sudo=sudo
	# Packages of servers start them at once, unless this says no.
	policy=/usr/sbin/policy-rc.d
	if [ ! -e $policy ]; then
		printf '#!/bin/sh\nexit 101\n' | $sudo tee $policy >/dev/null
		$sudo chmod +x $policy
		trap '$sudo rm -f $policy' EXIT
	fi
	export DEBIAN_FRONTEND=noninteractive
	$sudo apt-get update -qq
	$sudo apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
fi

# The JavaScript SDK, for test/interop.
if [ -f test/interop/js/package.json ] && [ ! -d test/interop/js/node_modules ]; then
	(cd test/interop/js && npm ci --silent --no-audit --no-fund)
fi
