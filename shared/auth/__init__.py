"""Who sends a request, what an account may do, and which credentials are revoked."""
