"""Accounts are kept by administrators, in the browser or at the terminal. People enrol by a link."""
