"""The same callers as the API's own tests."""

from tests.api.conftest import api_client, customer  # noqa: F401
