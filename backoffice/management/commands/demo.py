"""The first command of the README: from an empty machine to a running console with sample data."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from backoffice import demo
from backoffice.jobs import backends

# A job that has not stopped by then is cut off; the next worker goes on with it all the same.
STOP_SECONDS = 10


class Command(BaseCommand):
    help = "Migrate, load the sample data once, print the sign-ins, and serve with a worker."
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--no-server", action="store_true", help="Stop before serving.")
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8000, help="The next free one is taken.")

    def handle(self, *args: Any, no_server: bool, host: str, port: int, **options: Any) -> None:
        if "production" in settings.SETTINGS_MODULE:
            raise CommandError("The sample data have known passwords: never in production.")
        self.stdout.write("Preparing the database …")
        call_command("migrate", verbosity=0, interactive=False)
        for name, load in demo.parts():
            self.stdout.write(f"  {name}: ", ending="")
            self.stdout.flush()
            self.stdout.write(load())
        if not no_server:
            port = free_port(host, port)
        self._print_sign_ins(f"http://{host}:{port}/admin/")
        if not no_server:
            self.stdout.write(f"\nThe worker's log, with every letter it sends: {worker_log()}")
            self.stdout.write("Ctrl+C stops server and worker; the data stay.")
            self.stdout.flush()
            # As Ctrl+C does: an end by SIGTERM must take the worker along, too.
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
            with worker_beside():
                call_command("runserver", f"{host}:{port}", use_reloader=False)

    def _print_sign_ins(self, address: str) -> None:
        self.stdout.write(self.style.SUCCESS(f"\nThe console is at {address}"))
        self.stdout.write(f"Password for everybody: {demo.PASSWORD}\n")
        for role in demo.NAMES:
            self.stdout.write(f"  {role:13} {demo.email_of(role)}")


@contextmanager
def worker_beside() -> Iterator[None]:
    """Run a worker for the time of the block; it ends with this process, however that ends."""
    command = backends.chosen().worker
    if not command:
        yield
        return
    log = worker_log()
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as out:
        worker = subprocess.Popen(  # noqa: S603  (our own command)
            [sys.executable, *command],
            cwd=settings.BASE_DIR,
            # Letters would bury the address and the sign-ins.
            stdout=out,
            stderr=subprocess.STDOUT,
            # Ctrl+C reaches the whole group: it shall stop us, and we stop the worker.
            start_new_session=True,
        )
    try:
        yield
    finally:
        worker.terminate()
        try:
            worker.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            worker.kill()
            worker.wait()


def worker_log() -> Path:
    return Path(settings.PRIVATE_ROOT) / "worker.log"


def free_port(host: str, wanted: int) -> int:
    """Return `wanted`, or the next of twenty ports that nobody listens on."""
    for port in range(wanted, wanted + 20):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return port
    raise CommandError(f"No free port from {wanted} to {wanted + 19}; name one with --port.")
