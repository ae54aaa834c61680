"""Work in the background: who does it, and how Celery is to treat it."""

import environ

env = environ.Env()

# "django_tasks_db": `manage.py db_worker` runs them; "celery": `manage.py celery_worker`;
# "immediate": the process that commits.
JOBS_BACKEND = env.str("JOBS_BACKEND", default="django_tasks_db")
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

CELERY_APP = "config.celery.app"
CELERY_IMPORTS = ["backoffice.jobs.celery_tasks"]
# redis://…, rediss://…, amqp://…, amqps://…
CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default="")
# The job's row is the truth: what Celery says of a task is kept only where this names a place.
CELERY_RESULT_BACKEND = env.str("CELERY_RESULT_BACKEND", default="") or None
CELERY_TASK_IGNORE_RESULT = not CELERY_RESULT_BACKEND
CELERY_TASK_DEFAULT_QUEUE = env.str("CELERY_QUEUE", default="backoffice")
# Whoever writes to the broker must not run code here.
CELERY_TASK_SERIALIZER = CELERY_RESULT_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = CELERY_RESULT_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
CELERY_ENABLE_UTC = True
# A message is gone when its job has ended, not when it began; and none waits behind a long job.
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CONCURRENCY = env.int("CELERY_WORKER_CONCURRENCY", default=2)
# The first is an error in the job, which is tried again; the second ends its process.
CELERY_TASK_SOFT_TIME_LIMIT = env.int("CELERY_JOB_SECONDS", default=3_600)
CELERY_TASK_TIME_LIMIT = CELERY_TASK_SOFT_TIME_LIMIT + 300
# A broker that is away must not keep a request waiting; the clock sends again what it missed.
CELERY_BROKER_CONNECTION_TIMEOUT = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 1, "interval_start": 0.1, "interval_step": 0}
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {
        # Redis gives out again what was not acknowledged by then: later than any job may last.
        "visibility_timeout": CELERY_TASK_TIME_LIMIT + 300,
        "socket_connect_timeout": 1,
        "socket_timeout": 5,
    }
    if CELERY_BROKER_URL.startswith("redis")
    else {}
)
CELERY_SEND_AGAIN_SECONDS = 600
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# Kept in memory: an interval that a restart begins anew is no loss, a file in the way is.
CELERY_BEAT_SCHEDULER = "celery.beat.Scheduler"
CELERY_BEAT_SCHEDULE = {
    # Both what is due and what was lost. A tick that nobody took in time is one too many.
    "tick": {"task": "backoffice.tick", "schedule": 15.0, "options": {"expires": 15.0}},
}
