"""The one task that django-tasks knows: run the job with this id."""

from django_tasks import task

from backoffice.jobs.running import execute


@task()
def run_job(job_id: int) -> None:
    execute(job_id)
