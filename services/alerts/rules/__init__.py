"""The rules that decide whether an alert is raised.

Each rule has a file, and is listed in `services/alerts/ruleset.py`.
"""
