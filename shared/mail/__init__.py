"""Hands mails to the centre's own mail server."""
