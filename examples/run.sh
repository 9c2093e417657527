#!/bin/sh
# Plays one story: examples/run.sh NAME [direct|boundary|both] [--json FILE]
# The Python is the one in PYTHON, or the one `cargo xtask tools` installed, or the machine's own.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
name=$1
shift
tools=${LASTLOOK_TOOLS:-$here/../.tools}
if [ -z "${PYTHON:-}" ]; then
    PYTHON=python3
    if [ -x "$tools/python/bin/python" ]; then PYTHON=$tools/python/bin/python; fi
fi
LASTLOOK_TOOLS=$tools
export LASTLOOK_TOOLS
PYTHONPATH=$here PYTHONDONTWRITEBYTECODE=1 exec "$PYTHON" "$here/$name/story.py" "$@"
