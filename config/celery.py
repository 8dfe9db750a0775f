"""The Celery application. Redis only rings; what is to be done stands in PostgreSQL."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("relief")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.beat_schedule = {
    # Finds what a lost message or a dead worker left behind.
    "registry.tasks.sweep_imports": {"task": "registry.tasks.sweep_imports", "schedule": 15},
    "casework.tasks.remind_of_papers": {"task": "casework.tasks.remind_of_papers", "schedule": 60},
    "casework.tasks.report_overdue": {"task": "casework.tasks.report_overdue", "schedule": 300},
    "casework.tasks.relay_messages": {"task": "casework.tasks.relay_messages", "schedule": 30},
    "relief.tasks.sweep": {"task": "relief.tasks.sweep", "schedule": 15},
    "relief.tasks.reassess": {"task": "relief.tasks.reassess", "schedule": 30},
    "relief.tasks.ask_for_recoveries": {"task": "relief.tasks.ask_for_recoveries", "schedule": 60},
    "relief.tasks.make_reports": {"task": "relief.tasks.make_reports", "schedule": 300},
    "relief.tasks.check_places": {"task": "relief.tasks.check_places", "schedule": 1800},
    "relief.tasks.prove_ledger": {"task": "relief.tasks.prove_ledger", "schedule": 600},
    "relief.tasks.look_again": {"task": "relief.tasks.look_again", "schedule": 60},
    "deferral.tasks.follow_agreements": {
        "task": "deferral.tasks.follow_agreements",
        "schedule": 600,
    },
    "refunds.tasks.offer_due": {"task": "refunds.tasks.offer_due", "schedule": 30},
    "refunds.tasks.remind_of_choices": {
        "task": "refunds.tasks.remind_of_choices",
        "schedule": 600,
    },
    "refunds.tasks.end_offsets": {"task": "refunds.tasks.end_offsets", "schedule": 3600},
    "refunds.tasks.reconcile_days": {"task": "refunds.tasks.reconcile_days", "schedule": 3600},
    "refunds.tasks.morning": {"task": "refunds.tasks.morning", "schedule": 600},
    "refunds.tasks.exchange": {"task": "refunds.tasks.exchange", "schedule": 20},
}
