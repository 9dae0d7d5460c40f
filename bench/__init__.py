"""Benchmarks as ratios: the product against a lower bound on the same machine, in one run, in the order A B A B."""
