#!/bin/sh
# What the tests need from Debian or Ubuntu, installed where that is allowed (root, or sudo
# without a password). What is then still missing, a test says by name.
set -u
want=""
need() { # need PROGRAM PACKAGE
    command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ] || want="$want $2"
}
need chromium chromium
need firefox-esr firefox-esr
need WebKitWebDriver webkit2gtk-driver
need Xvfb xvfb
need nginx nginx-light
need redis-server redis-server
need curl curl
need ip iproute2
need iptables iptables
need node nodejs
need npm npm
[ -x /usr/lib/postgresql/*/bin/initdb ] 2>/dev/null || need postgres postgresql
[ -n "$want" ] || exit 0
if ! command -v apt-get >/dev/null 2>&1; then
    echo "Missing:$want (no apt-get here to install them)" >&2
    exit 0
fi
sudo=""
if [ "$(id -u)" != 0 ]; then
    if sudo -n true 2>/dev/null; then
        sudo="sudo"
    else
        echo "Missing:$want. Install them with: sudo apt-get install$want" >&2
        exit 0
    fi
fi
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -qq || exit
# What this release doesn't have must not keep the rest from being installed.
have=""
for package in $want; do
    apt-cache show "$package" >/dev/null 2>&1 && have="$have $package"
done
[ -z "$have" ] || $sudo apt-get install -y -qq --no-install-recommends $have
