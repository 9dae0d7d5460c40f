"""The rules that decide whether an alert is raised: a file each, listed in `services/alerts/ruleset.py`."""
