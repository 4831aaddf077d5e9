#!/usr/bin/env bash
# ONNX Runtime 1.32.0 for Linux writes a lasting client number (deviceid) and a store of events (onnxruntime.db) into the
# folder for caches when the module is imported. Its documented switch, disable_telemetry_events(), can be called only
# after that and removes neither. The environment variable ORT_DISABLE_TELEMETRY, set before the import, prevents both.
#
# Seen: the files of a new home folder after an import with the switch, and after one with the variable. This script
# fails when that changes.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q 'onnxruntime==1.32.0'
unset XDG_CACHE_HOME ORT_DISABLE_TELEMETRY
export CODE='import onnxruntime; onnxruntime.disable_telemetry_events()'
mkdir "$work/switch" "$work/variable"
HOME="$work/switch" "$work/venv/bin/python" -c "$CODE"
HOME="$work/variable" ORT_DISABLE_TELEMETRY=1 "$work/venv/bin/python" -c "$CODE"
for home in switch variable; do
  echo "$home: $(cd "$work/$home" && find . -type f -path '*onnxruntime*' -printf '%f ' | sort)"
done
[ -n "$(find "$work/switch" -name deviceid)" ] || { echo "the switch prevents the number now"; exit 1; }
[ -z "$(find "$work/variable" -type f)" ] || { echo "the variable prevents it no more"; exit 1; }
