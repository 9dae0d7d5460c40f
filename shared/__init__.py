"""What every service stands on: the event contract and the machinery around it."""
