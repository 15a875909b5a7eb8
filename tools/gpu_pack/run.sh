#!/usr/bin/env bash
# Runs the pack's tests on this machine's GPU. Needs Python 3.12 or later with torch, NVRTC's wheel and the driver;
# installs nothing outside the pack. PYTHON names another interpreter; arguments go to pytest.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
exec "${PYTHON:-python3}" run_tests.py "$@"
