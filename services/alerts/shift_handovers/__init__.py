"""The handover from one shift to the next: a sheet on paper, and the record of who handed over to whom."""
