"""Authentication, access rules and revoked credentials."""
