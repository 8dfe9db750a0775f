"""Puts every Python process that has this folder on its PYTHONPATH back by SECONDS_BACK seconds.

Months of 2020 can be deferred in 2020 only, and a benchmark's server is a process of its own: it
is the same program with the same settings, on an earlier clock that goes on. Python imports a
module of this name by itself when it starts.
"""

import os
from datetime import timedelta

from django.utils import timezone

_BACK = timedelta(seconds=float(os.environ["SECONDS_BACK"]))
_now = timezone.now

timezone.now = lambda: _now() - _BACK
