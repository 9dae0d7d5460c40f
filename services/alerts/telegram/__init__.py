"""Telegram: the client of the Bot API, the texts of messages, and the answers of people."""
