"""The receivers of alerts are people, posts and systems.

Manages the conditions, contacts, secrets and pages of receivers.
"""
