"""Sends SMS: reads telephone numbers, writes texts that fit into an SMS, and calls gateways."""
