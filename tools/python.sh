#!/usr/bin/env bash
# Run the Python that medvoxel uses: tools/python.sh -m pytest ...
# shellcheck source=tools/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# shellcheck disable=SC2016  # this is R
python=$(Rscript --no-init-file -e 'cat(medvoxel:::python_plan()$python)')
[ -x "$python" ] || fail "medvoxel has no Python yet: make install."
exec "$python" "$@"
