"""How fast it is on this machine: `python -m benchmarks`, a table and benchmarks/latest.json."""
