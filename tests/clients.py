"""Settings of the tests' HTTP clients, which use plain HTTP to servers on this machine."""

import ssl

# The context trusts no certificates, because a client would need 40 ms to read the machine's certificates.
PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
