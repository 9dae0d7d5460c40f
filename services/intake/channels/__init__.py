"""Readers of reports, one module for each format. A reader raises an error for an invalid body."""
