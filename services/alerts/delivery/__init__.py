"""Sends notifications: writes texts, stores and sends deliveries, and notifies the next contact after a failure."""
