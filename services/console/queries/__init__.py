"""How accounts, the board and callers are stored and asked for."""
