"""Opening an account and signing in, for programs."""
