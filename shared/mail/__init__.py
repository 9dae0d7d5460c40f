"""Mails are handed to the centre's own mail server."""
