"""A message template is the centre's own wording of a message."""
