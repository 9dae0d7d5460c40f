"""Rules decide whether an alert is raised.

Each rule has its own file. `services/alerts/ruleset.py` lists all rules.
"""
