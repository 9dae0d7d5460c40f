"""A benchmark measures Dayar and a minimal program of the same task alternately (A B A B) in one run on one machine."""
