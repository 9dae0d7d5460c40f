"""Decides what deserves an alert, tells the people of the centre, and goes on until somebody answers."""
