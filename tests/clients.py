"""Settings of HTTP clients in tests, which use plain HTTP to servers on this machine."""

import ssl

# The context trusts no certificate: reading the machine's certificates takes 40 ms per client.
PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
