"""Short messages: numbers, texts that fit, and gateways."""
