#!/bin/sh
# Find a chromium for the browser tests; install one where that is allowed.
set -u
bin=$1
for name in chromium chromium-browser google-chrome; do
    command -v "$name" >/dev/null 2>&1 && exit 0
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    (apt-get update -q && apt-get install -y -q --no-install-recommends chromium) >/dev/null 2>&1
    command -v chromium >/dev/null 2>&1 && exit 0
fi
"$bin/python" -m playwright install chromium >/dev/null 2>&1 && exit 0
echo "No chromium could be installed: the browser tests are skipped."
exit 0
