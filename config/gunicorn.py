"""How gunicorn serves: `gunicorn config.wsgi -c config/gunicorn.py`."""

import os

bind = f"0.0.0.0:{os.environ.get('PORT', '8000')}"
workers = int(os.environ.get("WEB_CONCURRENCY", "4"))
threads = int(os.environ.get("WEB_THREADS", "2"))
# A file of 256 MB takes its time; everything longer is a job's work.
timeout = 120
graceful_timeout = 30
keepalive = 5
# A worker that grew is replaced, not all of them at the same moment.
max_requests = 5_000
max_requests_jitter = 500
# Our own lines have the request's id, and no query.
accesslog = None
