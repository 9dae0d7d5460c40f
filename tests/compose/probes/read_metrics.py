"""Prints the metrics of the named services, as Prometheus reads them."""

import sys
import urllib.request


def main(*services: str) -> None:
    for service in services:
        print(urllib.request.urlopen(f"http://{service}:8080/metrics", timeout=10).read().decode())


if __name__ == "__main__":
    main(*sys.argv[1:])
