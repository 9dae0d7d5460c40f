"""The field form is a page for phones.

The field form works offline, and keeps each report until the server has answered.
"""
