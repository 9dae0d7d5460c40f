"""Records the handover from one shift to the next, and prints a sheet for it."""
