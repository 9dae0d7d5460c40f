"""Sends alerts by the Bot API of Telegram, and handles the answers of people."""
