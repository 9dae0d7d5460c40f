"""How administrators manage accounts, in the browser and at the terminal, and how people enrol by a link."""
