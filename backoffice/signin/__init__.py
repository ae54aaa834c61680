"""Signing in: passwords, second factors, Google, sessions and their limits."""
