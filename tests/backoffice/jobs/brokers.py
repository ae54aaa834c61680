"""Brokers for the tests: the Redis that is there, and a RabbitMQ node of the tests' own."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import redis

from tests.services import do_without

REDIS = os.environ.get("REDIS_URL") or "redis://127.0.0.1:6379/8"
RABBITMQ = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
# Below the ephemeral range: nobody's outgoing connection takes them meanwhile.
RABBITMQ_PORTS = range(21_700, 21_790, 3)
START_SECONDS = 60


def is_listening(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def redis_url() -> str:
    """Return the address of a Redis that answers; skips the test when none does."""
    try:
        redis.Redis.from_url(REDIS, socket_connect_timeout=1).ping()
    except redis.RedisError:
        do_without(f"no Redis answers at {REDIS}")
    return REDIS


@contextmanager
def rabbitmq_node(folder: Path) -> Iterator[str]:
    """Run a node with its own name, ports and data; yields its address. Skips where it is absent.

    Debian's wrapper would work as another user, in the machine's own folders: it is passed by.
    """
    if not RABBITMQ.exists():
        do_without(f"RabbitMQ is not installed at {RABBITMQ}")
    port = next(p for p in RABBITMQ_PORTS if not any(is_listening(p + n) for n in range(3)))
    with (folder / "out.log").open("wb") as out:
        node = subprocess.Popen(
            [RABBITMQ],
            env={
                **{name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ},
                "HOME": str(folder),
                "ERL_EPMD_PORT": str(port + 1),
                "RABBITMQ_NODENAME": f"tests{os.getpid()}@localhost",
                "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
                "RABBITMQ_NODE_PORT": str(port),
                "RABBITMQ_DIST_PORT": str(port + 2),
                "RABBITMQ_MNESIA_BASE": str(folder / "data"),
                "RABBITMQ_LOG_BASE": str(folder / "log"),
                "RABBITMQ_LOGS": "-",
                "RABBITMQ_PID_FILE": str(folder / "pid"),
                "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
                "RABBITMQ_CONFIG_FILE": str(folder / "none"),
                "RABBITMQ_CONF_ENV_FILE": str(folder / "none"),
            },
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        until = time.monotonic() + START_SECONDS
        while b"startup complete" not in (folder / "out.log").read_bytes():
            if node.poll() is not None or time.monotonic() > until:
                pytest.fail((folder / "out.log").read_text()[-2000:])
            time.sleep(0.1)
        yield f"amqp://guest:guest@127.0.0.1:{port}//"
    finally:
        with suppress(ProcessLookupError):
            os.killpg(node.pid, signal.SIGKILL)
        node.wait()
        _end_name_server(port + 1)


def _end_name_server(port: int) -> None:
    """End the daemon that the node started for itself, once it has seen that the node is gone."""
    epmd = shutil.which("epmd")
    for _try in range(20):
        if not epmd or not is_listening(port):
            return
        subprocess.run([epmd, "-port", str(port), "-kill"], capture_output=True, check=False)
        time.sleep(0.1)
