#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Makes a virtual environment: environment.sh PYTHON FOLDER. Says in one line what is missing, if something is.
set -eu

python=$1
folder=$2

fail() {
    echo "$*" >&2
    exit 1
}

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null ||
    fail "Python 3.10 or newer is needed; '$python' is not one (make PYTHON=/path/to/python3 ...)"

# Debian packs this part of Python separately.
if ! "$python" -c 'import ensurepip' 2>/dev/null; then
    fail "'$python' cannot make virtual environments: apt-get install --no-install-recommends python3-venv"
fi

# What an interrupted run or another Python left in it would not fit.
"$python" -m venv --clear "$folder"
