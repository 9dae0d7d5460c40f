"""The receivers of alerts: people, posts and systems, with their conditions, contacts, secrets and pages."""
