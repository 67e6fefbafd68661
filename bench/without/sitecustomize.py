"""Hides the modules that BENCH_WITHOUT names, separated by commas: a node on which they are not installed."""

import os
import sys

sys.modules.update(dict.fromkeys(os.environ.get("BENCH_WITHOUT", "").split(",")))  # type: ignore[arg-type]
