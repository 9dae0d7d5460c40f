"""Settings of the tests' HTTP clients: plain HTTP to servers on this machine."""

import ssl

# Trusts no certificate. A client that reads the machine's certificates takes 40 ms to be created.
PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
