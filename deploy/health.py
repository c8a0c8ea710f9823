# SPDX-License-Identifier: Apache-2.0
"""Whether the service in this container answers, by its exit status; below its public URL's path."""

import http.client
import os
import sys
from urllib.parse import urlsplit

path = urlsplit(os.environ.get("COUNTERFOIL_PUBLIC_URL", "")).path
# No proxy of the container's is asked, which a library that reads URLs would do.
connection = http.client.HTTPConnection("127.0.0.1", int(os.environ.get("HEALTH_PORT", "8080")), timeout=2)
try:
    connection.request("GET", f"{path}/health/live")
    sys.exit(connection.getresponse().status != http.client.OK)
except OSError:
    sys.exit(1)
