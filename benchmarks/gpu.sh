#!/usr/bin/env bash
# All figures of a GPU in less than ten minutes:            benchmarks/gpu.sh
# The same in small sizes on a CPU, to see that it works:   DEVICE=cpu QUICK=1 benchmarks/gpu.sh
# PYTHON chooses the interpreter, OUT the folder of results; further words go to `python -m benchmarks.gpu`.
set -euo pipefail
cd "$(dirname "$0")/.."

python=${PYTHON:-python}
words=(--device "${DEVICE:-cuda}" --out "${OUT:-outputs/gpu}")
if [[ ${QUICK:-0} != 0 ]]; then
    words+=(--quick)
fi
exec "$python" -m benchmarks.gpu "${words[@]}" "$@"
