#!/bin/sh
# Installs the Debian packages that tests need and a plain CI machine lacks: python3, one of the
# readers of test/property/judged-is-sent. Only where CI=true and for root; elsewhere nothing is
# installed and such tests are skipped by name.
set -eu

if command -v python3 >/dev/null 2>&1; then exit 0; fi
if [ "${CI:-}" != true ]; then
  echo 'python3 is missing and not installed: that is done only where CI=true'
  exit 0
fi
if [ "$(id -u)" != 0 ]; then
  echo 'python3 is missing and not installed: that takes root'
  exit 0
fi
if ! command -v apt-get >/dev/null 2>&1; then
  echo 'python3 is missing and not installed: there is no apt-get'
  exit 0
fi
echo 'Installing python3 (apt-get) ...'
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update
apt-get -qq install -y --no-install-recommends python3 >/dev/null
echo 'Installed python3'
