"""The pages and their data: the live board, sign-in and accounts, the ledger page, the event stream."""
