"""Speed as ratios: against what the machine could do at best, in one run, A B A B."""
