"""Accounts as administrators keep them, in the browser and at the terminal, and the enrolment of people by a link."""
