"""The field form for phones works offline, and keeps each report until the server has answered."""
