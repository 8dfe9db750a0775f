"""Several relays at the very same moment."""

import pytest

from casework.models import NumberDay, OutboxMessage
from casework.services import relaying
from casework.tell.by_gateway import ByGateway
from tests.casework.gateway import KEY
from tests.casework.telling import tell, unit
from tests.casework.test_papers_at_once import at_once
from tests.factories import AT

pytestmark = pytest.mark.django_db(transaction=True)


def test_four_relays_send_each_message_once_and_no_number_more_than_five(gateway):
    numbers = [f"1380000000{n}" for n in range(4)]
    for number in numbers:
        employer = unit(phone=number, email="")
        for cause in range(15):
            tell(employer, number=cause)
    adapter = ByGateway(url=gateway.url, key=KEY, timeout=5)

    def relay():
        return relaying.relay(clock=lambda: AT, adapter_of=lambda channel: adapter)

    at_once(*[relay] * 4)

    assert len(gateway.sent) == len(gateway.book) == 20
    assert {number: gateway.sent.count(number) for number in numbers} == dict.fromkeys(numbers, 5)
    assert set(NumberDay.objects.values_list("used", flat=True)) == {5}
    assert OutboxMessage.objects.filter(state="SENT").count() == 20
    assert OutboxMessage.objects.filter(state="QUEUED").count() == 40
