"""What people look at: the live board, sign-in and accounts, the ledger's page, the stream."""
