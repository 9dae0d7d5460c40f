"""Sign-in: accounts, passwords, second factors, cookies and the tokens of phones."""
