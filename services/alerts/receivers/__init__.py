"""The receivers of alerts are people, posts and systems. They have conditions, contacts, secrets and pages."""
