"""What orders tell whoever listens, after the commit; nothing of the trade hangs on it."""

from django.dispatch import Signal

# order: the order, just placed by whichever door. Receivers do no heavy work: they start jobs.
order_placed = Signal()
