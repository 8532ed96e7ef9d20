#!/bin/sh
# Find a chromium for the browser tests; install one where that is allowed.
# Best without windows: chromium-headless-shell draws the same pages with a third less work.
set -u
bin=$1
has() { command -v "$1" >/dev/null 2>&1; }
get() { timeout 300 apt-get "$@" >/dev/null 2>&1; }
has chromium-headless-shell && exit 0
if [ "$(id -u)" = 0 ] && has apt-get; then
    apt-cache show chromium-headless-shell >/dev/null 2>&1 \
        && get install -y -q --no-install-recommends chromium-headless-shell && exit 0
fi
for name in chromium chromium-browser google-chrome; do
    has "$name" && exit 0
done
if [ "$(id -u)" = 0 ] && has apt-get && get update -q; then
    for name in chromium-headless-shell chromium; do
        get install -y -q --no-install-recommends "$name" && exit 0
    done
fi
"$bin/python" -m playwright install chromium >/dev/null 2>&1 && exit 0
echo "No chromium could be installed: the browser tests are skipped."
exit 0
