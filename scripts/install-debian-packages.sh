#!/bin/sh
# Installs the Debian packages that tests need and a plain CI machine lacks: python3, one of the
# readers of test/property/judged-is-sent, and what stands in front of the gateway in
# test/e2e/proxies: nginx, haproxy, openssl for certificates; strace, by which
# test/guard/written-durably sees what is synced. Only where CI=true and for root; elsewhere it only
# says what is missing. No service is started.
set -eu

missing=''
for package in python3 nginx haproxy openssl strace; do
  command -v "$package" >/dev/null 2>&1 || missing="$missing $package"
done
if [ -z "$missing" ]; then exit 0; fi
say() { echo "Missing, and not installed:$missing. $1"; }
if [ "${CI:-}" != true ]; then
  say 'That is done only where CI=true'
  exit 0
fi
if [ "$(id -u)" != 0 ]; then
  say 'That takes root'
  exit 0
fi
if ! command -v apt-get >/dev/null 2>&1; then
  say 'There is no apt-get'
  exit 0
fi
echo "Installing$missing (apt-get) ..."
export DEBIAN_FRONTEND=noninteractive
# Debian starts services when they are installed, but not in this runlevel.
export RUNLEVEL=1
install() {
  # shellcheck disable=SC2086 # a list of names
  apt-get -qq install -y --no-install-recommends $missing >/dev/null
}
# What the machine knows of packages may be absent or old.
if ! install 2>/dev/null; then
  apt-get -qq update
  install
fi
echo "Installed$missing"
