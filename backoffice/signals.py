"""What the ground tells whoever listens. Receivers do no heavy work: they note, or start a job."""

from django.dispatch import Signal

# Rows of an audited model were written, through whichever door; inside the writer's transaction.
# sender: the model. ids: their keys, or None where only the database knows them (a sheet).
history_written = Signal()

# Rows took a step of a flow, in the transaction of the step, after its body and its save.
# sender: the model. step: of `flows`. rows: as they stand now.
step_taken = Signal()
