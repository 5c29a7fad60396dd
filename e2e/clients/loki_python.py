"""A user's Python program with python-logging-loki: the number of lines given as the second argument to the URL given first."""
import logging
import sys

import logging_loki

url, lines = sys.argv[1], int(sys.argv[2])
log = logging.getLogger("billing")
log.setLevel(logging.INFO)
log.addHandler(logging_loki.LokiHandler(url=url, tags={"application": "billing"}, version="1"))
for i in range(lines):
    log.log(logging.ERROR if i % 5 == 0 else logging.INFO, "invoice %d sent", i, extra={"tags": {"region": "eu" if i % 2 else "us"}})
