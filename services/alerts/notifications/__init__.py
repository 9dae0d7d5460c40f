"""Selects who is notified of an alert, in stages. Each stage leaves out receivers and says why."""
