"""Message templates are the centre's own wording of messages."""
