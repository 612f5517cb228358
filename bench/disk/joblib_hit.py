"""A hit of joblib.Memory for the value of worker.mjs: python3 joblib_hit.py DIRECTORY CLOCK. Prints JSON."""
import json
import sys
import time

import joblib

KEYS = 64
CALLS = 2000
directory, clock = sys.argv[1:]
now = time.process_time if clock == "cpu" else time.perf_counter
runs = 0


@joblib.Memory(directory, verbose=0).cache
def page(options):
    global runs
    runs += 1
    return {"id": runs, "title": f"row {runs}", "text": ("abcdefgh" * 128)[:960]}


def batch():
    before = now()
    for i in range(CALLS):
        page({"page": f"page {i % KEYS}", "width": 80})
    return (now() - before) / CALLS * 1e9


batch()
after = runs
fastest = min(batch() for _ in range(3))
assert runs == after == KEYS, "it ran"
version = f"{joblib.__version__} on Python {sys.version.split()[0]}"
print(json.dumps({"nanoseconds": fastest, "version": version}))
