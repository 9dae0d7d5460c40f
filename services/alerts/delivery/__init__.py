"""Sends notifications: stores and sends deliveries, writes their texts, and falls back on the receiver's next contact."""
