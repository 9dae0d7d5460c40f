"""Benchmarks compare the product with a lower bound on the same machine, in one run, in the order A B A B."""
