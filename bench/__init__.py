"""The benchmarks. Most benchmarks alternate between Dayar and a minimal program for the same task, on one machine."""
