"""How the tests' HTTP clients speak: plain HTTP, to servers on this machine."""

import ssl

# Trusts nobody. To read the machine's certificates, as a client otherwise does when it is made, takes 40 ms.
PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
