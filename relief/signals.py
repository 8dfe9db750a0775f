"""News that apps above may listen to. A receiver only marks what is due and rings."""

from django.dispatch import Signal

#: Sent after a run's results came into force: `run_id`.
run_finished = Signal()

#: Sent inside the import's transaction when an enterprise's declaration was stored and raised
#: bases that now wait for their special audit: `employer_ids`, `import_`, `count`, `at`.
bases_raised = Signal()

#: Sent inside the transaction in which somebody recorded to have looked at what is flagged of a
#: construction project: `employer_ids`, `project`, `at`.
project_looked_at = Signal()
