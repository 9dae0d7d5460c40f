"""Checklists: the steps after an alert, in order, and the posts to call."""
