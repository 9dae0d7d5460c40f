"""Sends notifications: writes their texts, stores and sends deliveries, and tries the next contact after a failure."""
