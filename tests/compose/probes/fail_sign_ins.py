"""Tries six times to sign in to an account that does not exist, each time with another forged address.

Prints the status code of each attempt.
"""

import json
import sys
import urllib.error
import urllib.request

DEVICE = "00000000-0000-4000-8000-000000000000"


def main(host: str) -> None:
    body = json.dumps({"name": f"nobody-{host}", "password": "x", "device": DEVICE}).encode()
    for number in range(6):
        headers = {"content-type": "application/json", "x-forwarded-for": f"192.0.2.{number}"}
        try:
            urllib.request.urlopen(urllib.request.Request(f"http://{host}:8080/v1/tokens", body, headers))
        except urllib.error.HTTPError as error:
            print(error.code)


if __name__ == "__main__":
    main(*sys.argv[1:])
