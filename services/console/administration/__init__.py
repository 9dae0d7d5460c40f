"""Administrators manage accounts in the browser or at the terminal. An account's person sets the password by a link."""
