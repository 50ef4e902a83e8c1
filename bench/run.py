"""The benchmarks; see README.md. Run by dev/bench, which gives `env`."""

import sys

print(f"{env.cr.dbname}: no benchmarks yet, arguments {sys.argv[1:]}")
