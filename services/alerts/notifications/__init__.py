"""Selects who is notified of an alert, in stages. A stage leaves some receivers out, and says why."""
