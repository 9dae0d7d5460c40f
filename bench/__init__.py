"""Each benchmark runs Dayar and a minimal program for the same task in turn (A B A B), on one machine."""
