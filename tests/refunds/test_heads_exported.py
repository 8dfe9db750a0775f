"""A closed day leaves the ends of the ledger's chains in a second place, and the proof uses them."""

import pytest

from relief.ledger import heads
from relief.ledger.verify import verify
from tests.factories import AT
from tests.refunds.closing import close, paid_out, state

pytestmark = pytest.mark.django_db


def test_closing_a_day_exports_where_the_chains_end(cast, django_capture_on_commit_callbacks):
    state(paid_out(cast.bring("PAID").attempts.get()))

    with django_capture_on_commit_callbacks(execute=True):
        close(cast.accountant)

    exported = heads.newest()
    assert exported is not None
    assert exported[0] == AT.date()
    assert exported[1] == heads.heads() != []
    assert verify(at=AT).heads_of == AT.date()
