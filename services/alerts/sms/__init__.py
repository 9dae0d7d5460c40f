"""Short messages: reads numbers, writes texts that fit into a message, and calls gateways."""
