#!/usr/bin/env bash
# Runs the pack's tests, examples and benchmarks on this machine's GPU, and writes summary.txt; with arguments, only pytest
# with these. Needs Python 3.12 or later with torch, NVRTC's wheel and the driver; installs nothing outside the pack. PYTHON
# names another interpreter.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
exec "${PYTHON:-python3}" run_tests.py "$@"
