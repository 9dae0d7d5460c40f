"""The field form: one page for a phone's browser, which works without a signal and keeps each report until it is answered."""
