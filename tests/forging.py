"""Writing as nobody may: what a test needs to show that the database, or the verifier, notices."""

from backoffice import history

# The guard in the application is one thing; the triggers behind it have tests of their own.
past_the_guard = history.writing
