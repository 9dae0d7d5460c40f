"""Settings of the tests' HTTP clients, which use plain HTTP to servers on this machine."""

import ssl

# This context has no trusted certificates. A client that reads the machine's certificates needs 40 ms to start.
PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
