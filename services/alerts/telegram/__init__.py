"""Sends alerts through Telegram's Bot API, and handles people's answers."""
