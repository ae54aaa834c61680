"""Returns: announced, received, looked at, and what is due given back."""

from __future__ import annotations

from backoffice.models import User
from backoffice.steps import taking
from orders.models import Return
from orders.states import RETURN_FLOW


@RETURN_FLOW.verb("receive")
def receive_return(*, return_id: int, by: User, reason: str, version: int | None = None) -> Return:
    with taking(RETURN_FLOW["receive"], return_id, by=by, reason=reason, version=version) as row:
        pass
    return row


@RETURN_FLOW.verb("inspect")
def inspect_return(*, return_id: int, by: User, reason: str, version: int | None = None) -> Return:
    with taking(RETURN_FLOW["inspect"], return_id, by=by, reason=reason, version=version) as row:
        pass
    return row


@RETURN_FLOW.verb("close")
def close_return(*, return_id: int, by: User, reason: str, version: int | None = None) -> Return:
    with taking(RETURN_FLOW["close"], return_id, by=by, reason=reason, version=version) as row:
        pass
    return row


@RETURN_FLOW.verb("withdraw")
def withdraw_return(*, return_id: int, by: User, reason: str, version: int | None = None) -> Return:
    with taking(RETURN_FLOW["withdraw"], return_id, by=by, reason=reason, version=version) as row:
        pass
    return row
