"""Each benchmark measures Dayar and a minimal program in turn (A B A B), in one run on one machine.

Both do the same task.
"""
