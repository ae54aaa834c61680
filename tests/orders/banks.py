"""Banks that misbehave on purpose; a test names one in `settings.PAYMENT_GATEWAY`."""

from __future__ import annotations

import hashlib
import threading
import time
from decimal import Decimal
from typing import ClassVar

from orders.integrations.gateway import Approved, GatewayDown, GatewayTimeout
from orders.integrations.sandbox import SandboxGateway


class DownBank(SandboxGateway):
    """Its line is dead: nothing is ever sent."""

    label = "The dead bank"

    def _answer(self, asked):
        raise GatewayDown


class SilentBank(SandboxGateway):
    """It does what it is asked to do, and never answers."""

    def _answer(self, asked):
        super()._answer(asked)
        raise GatewayTimeout


class CrashingBank(SandboxGateway):
    """The worker dies after the bank has done it: the answer reaches nobody."""

    class WorkerKilled(BaseException):
        pass

    def _answer(self, asked):
        super()._answer(asked)
        raise self.WorkerKilled


class SlowBank:
    """It takes its time and says yes to everything: order is the console's business, not its own."""

    name = "slow"
    label = "The slow bank"
    seconds: ClassVar[float] = 0.02
    asked: ClassVar[list[tuple[str, str]]] = []
    _lock: ClassVar = threading.Lock()

    def authorise(self, *, key: str, card_token: str, amount: Decimal, currency: str) -> Approved:
        return Approved(f"ch_{hashlib.sha256(key.encode()).hexdigest()[:20]}")

    def capture(self, *, key: str, charge: str, amount: Decimal, currency: str) -> Approved:
        return self._do("capture", charge)

    def void(self, *, key: str, charge: str, amount: Decimal, currency: str) -> Approved:
        return self._do("void", charge)

    def refund(self, *, key: str, charge: str, amount: Decimal, currency: str) -> Approved:
        return self._do("refund", charge)

    def _do(self, operation: str, charge: str) -> Approved:
        time.sleep(self.seconds)
        with self._lock:
            self.asked.append((operation, charge))
        return Approved(charge)
