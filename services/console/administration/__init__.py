"""Administrators manage accounts in the browser or at the terminal.

A new user sets the password through an enrolment link.
"""
