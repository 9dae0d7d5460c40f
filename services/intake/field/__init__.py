"""The field form: a page for phones that works offline and keeps each report until the server has answered."""
