"""The rules that decide whether an alert is raised: one file per rule, listed in `services/alerts/ruleset.py`."""
