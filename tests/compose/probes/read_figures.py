import sys
import urllib.request

for service in sys.argv[1:]:
    print(urllib.request.urlopen(f"http://{service}:8080/metrics", timeout=10).read().decode())
