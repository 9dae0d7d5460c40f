"""The console: the live board, sign-in and accounts, the ledger page, and the event stream for browsers."""
