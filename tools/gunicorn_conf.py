"""How gunicorn serves Concord, in the demo and in the container. `WEB_WORKERS` and `WEB_THREADS` size it."""

import os
from pathlib import Path

worker_class = "gthread"
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
keepalive = 5

preload_app = True  # both workers share what importing Concord costs

timeout = 60  # a worker that does not even answer its master
graceful_timeout = 8

limit_request_line = 8190
limit_request_fields = 100
limit_request_field_size = 8190

control_socket_disable = True
if Path("/dev/shm").is_dir():  # noqa: S108  (gunicorn's heartbeat file must not wait for a busy disk)
    worker_tmp_dir = "/dev/shm"  # noqa: S108

accesslog = None
errorlog = "-"
