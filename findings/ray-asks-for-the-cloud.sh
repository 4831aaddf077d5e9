#!/usr/bin/env bash
# Ray 2.60.0 asks where it runs even when its usage reports are off: with RAY_USAGE_STATS_ENABLED=0 a local cluster's
# dashboard process still connects to 169.254.169.254 and looks up metadata.google.internal, the metadata services of the
# clouds; include_dashboard=False starts that process too, with its usage module alone. Nothing reads the answer then.
#
# Seen: the connection and the look-up, written down by an audit hook in Ray's own processes, with
# include_dashboard=False. This script fails when that changes.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q 'ray==2.60.0' 'requests==2.32.5'
mkdir "$work/watch"
cat >"$work/watch/sitecustomize.py" <<'PYTHON'
import os
import sys


def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo"):
        with open(os.environ["WATCH_LOG"], "a") as log:
            log.write(f"{event} {arguments[1 if event == 'socket.connect' else 0]!r}\n")


sys.addaudithook(watch)
PYTHON
export WATCH_LOG="$work/log" HOME="$work" RAY_USAGE_STATS_ENABLED=0
PYTHONPATH="$work/watch" "$work/venv/bin/python" - <<'PYTHON'
import os
import time

import ray

ray.init(address="local", num_cpus=1, include_dashboard=False, log_to_driver=False)
for _ in range(60):
    told = open(os.environ["WATCH_LOG"]).read()
    if "169.254.169.254" in told and "metadata.google.internal" in told:
        break
    time.sleep(1)
ray.shutdown()
asked = sorted({line for line in told.splitlines() if "169.254." in line or "metadata." in line})
print(f"ray {ray.__version__}, RAY_USAGE_STATS_ENABLED=0, include_dashboard=False:", *asked, sep="\n  ")
assert asked, "it asks no more"
PYTHON
