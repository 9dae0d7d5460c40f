"""What is done about an alert, in which order, and who is called."""
