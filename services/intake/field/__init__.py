"""The field form is a page for phones. It works offline, and keeps each report until the server has answered."""
