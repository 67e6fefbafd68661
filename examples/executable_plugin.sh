#!/bin/sh
# how much the agent keeps on this disk, and how old it is
#
# Dropped into /etc/opensvc/diag.d, owned by root and executable, what it prints is in every bundle, redacted, as
# cmd/executable-plugin/executable-plugin.out. The selected objects are its arguments; where the agent's folders are,
# OSVC_DIAG_ETC, OSVC_DIAG_LOG and OSVC_DIAG_VAR tell. It has 30 seconds.

du -sk "$OSVC_DIAG_ETC" "$OSVC_DIAG_LOG" "$OSVC_DIAG_VAR"
for object in "$@"; do
    echo "selected: $object"
done
ls -ltr "$OSVC_DIAG_LOG" | tail -5
