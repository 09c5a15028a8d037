"""Benchmarks: accuracy, operators, peers, ranks. They run from a clone of the repository."""
