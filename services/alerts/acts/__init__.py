"""The actions of people on an alert, such as acknowledging, confirming and closing it."""
