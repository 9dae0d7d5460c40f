"""The receivers of alerts are people, posts and systems. Receivers have conditions, contacts, secrets and pages."""
