"""The outside world: each service is one client, and none is asked inside a transaction."""
