"""News that apps above may listen to. A receiver only marks what is due and rings."""

from django.dispatch import Signal

#: Sent after a run's results came into force: `run_id`.
run_finished = Signal()
