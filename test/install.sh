# Sourced by the set-up scripts: installs Debian packages for programs that are
# missing. Needs root (or sudo) only if something is; servers are installed
# without being started.

packages=()

need() { # need PROGRAM PACKAGE…: the packages, unless the program is there
	local program=$1
	shift
	if ! command -v "$program" >/dev/null && [ ! -x "/usr/sbin/$program" ]; then
		packages+=("$@")
	fi
}

install_packages() { # what need has collected
	[ ${#packages[@]} -gt 0 ] || return 0
	echo "installing ${packages[*]}"
	local sudo="" policy=/usr/sbin/policy-rc.d
	[ "$(id -u)" = 0 ] || sudo=sudo
	# Packages of servers start them at once, unless this says no.
	if [ ! -e $policy ]; then
		printf '#!/bin/sh\nexit 101\n' | $sudo tee $policy >/dev/null
		$sudo chmod +x $policy
		trap "$sudo rm -f $policy" EXIT
	fi
	export DEBIAN_FRONTEND=noninteractive
	$sudo apt-get update -qq
	$sudo apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
}
