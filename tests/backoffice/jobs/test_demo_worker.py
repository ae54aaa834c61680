"""`manage.py demo` runs a worker beside its server; however the demo ends, the worker ends too."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from backoffice.jobs import workers
from backoffice.models import Job
from tests.backoffice.jobs.conftest import ROOT, process_environment, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

# The command as it is, without the minute of loading sample data.
DEMO = """
import django
django.setup()
from django.core.management import call_command
from backoffice import demo
demo.parts = lambda: []
call_command("demo", port=18101)
"""


@pytest.fixture
def demo(delivered_by_database):
    process = subprocess.Popen(
        [sys.executable, "-c", DEMO],
        cwd=ROOT,
        env=process_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        # A suite that was started in the background ignores Ctrl+C, and its children with it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )
    yield process
    process.kill()
    process.communicate()
    wait_until(lambda: not workers.is_one_here(), "the worker's end")


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_demos_worker_works_and_ends_with_it(demo, by):
    wait_until(lambda: workers.is_one_here() or demo.poll() is not None, "the worker")
    assert demo.poll() is None, demo.stdout.read().decode()
    wait_until(lambda: Job.objects.filter(state="done").exists(), "work that is done")

    demo.send_signal(by)
    code = demo.wait(timeout=30)

    assert code == (-signal.SIGKILL if by == signal.SIGKILL else 0)
    wait_until(lambda: not workers.is_one_here(), "the worker's end")
