"""Settings of the tests' HTTP clients: plain HTTP to servers on this machine."""

import ssl

# This context trusts no certificate, because a client that reads the machine's certificates needs 40 ms to start.
PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
