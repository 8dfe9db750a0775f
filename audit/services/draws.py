"""A sample from its frame to its list: fixed, committed to by two, revealed, drawn."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import IntegrityError, connection, transaction

from audit.models import Commitment, Draw, FrameUnit, Pick
from audit.queries.draws import design_of, may_take_part, units_of
from audit.sampling import SHORTEST_PHRASE, commitment, draw, frame_digest, seed_of
from casework import services as casework
from casework.receipts import new_receipt
from registry.models import Agency, Officer
from relief.policy import EmployerClass

NUMBER_PREFIX = "CY"


class NotYours(Exception):
    """The officer has no part in this sample."""


class NotNow(Exception):
    """It isn't the moment for this."""


class EmptyFrame(Exception):
    """No unit had relief in these months."""


class BadPhrase(Exception):
    """The phrase is too short, or isn't the one that was committed to."""


# Of each employer what is in force as of the day, added up over the months.
_FRAME = """
INSERT INTO audit_frameunit (draw_id, employer_id, uscc, stratum, relief)
SELECT %(draw)s, e.id, e.uscc, d.name || ' ' || c.label, f.relief
FROM (
    SELECT employer_id, sum(relief) AS relief,
        (array_agg(employer_class ORDER BY month DESC, insurance))[1] AS employer_class
    FROM (
        SELECT DISTINCT ON (a.employer_id, a.month, a.insurance) a.employer_id, a.month,
            a.insurance, a.relief, a.employer_class
        FROM relief_assessment a JOIN relief_run r ON r.id = a.run_id AND r.state = 'DONE'
        WHERE a.as_of <= %(as_of)s AND a.month BETWEEN %(first)s AND %(last)s
        ORDER BY a.employer_id, a.month, a.insurance, a.as_of DESC, a.run_id DESC
    ) in_force GROUP BY employer_id HAVING sum(relief) > 0
) f
JOIN registry_employer e ON e.id = f.employer_id
JOIN registry_district d ON d.code = e.district_id
JOIN unnest(%(classes)s::text[], %(labels)s::text[]) AS c(code, label) ON c.code = f.employer_class
WHERE (%(whole_city)s OR e.district_id = %(district)s)
    AND NOT EXISTS (
        SELECT FROM audit_pick p JOIN audit_frameunit u ON u.id = p.unit_id
        WHERE u.employer_id = e.id AND p.draw_id = ANY(%(former)s)
    )
ORDER BY e.uscc
"""


@transaction.atomic
def fix_frame(
    *,
    title: str,
    from_month: date,
    to_month: date,
    as_of: date,
    share: Decimal,
    least: int,
    certain_from: Decimal | None,
    follows: Draw | None,
    by: Officer,
    at: datetime,
) -> Draw:
    """Fix whom a sample is drawn of: units with relief in some months as of a day, by district and
    class. From here on nothing of it changes, and its digest can be published.

    :param share: how many of a stratum, as a ratio; `least` at least; `certain_from` in yuan.
    :param follows: an earlier round whose units are left out, and those of the rounds before it.
    :raises NotYours: if the officer doesn't draw samples, or the earlier round is another agency's.
    :raises NotNow: if the earlier round isn't drawn.
    :raises EmptyFrame: if nobody had relief.
    """
    if by.agency.kind != Agency.Kind.SOCIAL_INSURANCE:
        raise NotYours("稽核抽样由社会保险经办机构办理。")
    former = []
    earlier = follows
    while earlier is not None:
        if earlier.agency_id != by.agency_id:
            raise NotYours("上一轮抽样是其他机构的。")
        if not earlier.seed:
            raise NotNow("上一轮还没有抽取，不能开始下一轮。")
        former.append(earlier.pk)
        earlier = earlier.follows
    made = Draw(
        number=new_receipt(NUMBER_PREFIX),
        title=title.strip(),
        agency=by.agency,
        from_month=from_month,
        to_month=to_month,
        as_of=as_of,
        follows=follows,
        share=share,
        least=least,
        certain_from=certain_from,
        units=0,
        frame_digest="0" * 64,
        prepared_by=by,
        prepared_name=casework.officer(by).name[:100],
        prepared_at=at,
    )
    # The digest is of what was stored, and the row never changes: both in one go.
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('audit_draw', 'id'))")
        (made.pk,) = cursor.fetchone()
        cursor.execute(
            _FRAME,
            {
                "draw": made.pk,
                "as_of": as_of,
                "first": from_month,
                "last": to_month,
                "classes": [each.value for each in EmployerClass],
                "labels": [each.label for each in EmployerClass],
                "whole_city": by.agency.district.is_city,
                "district": by.agency.district_id,
                "former": former,
            },
        )
        made.units = cursor.rowcount
    if not made.units:
        raise EmptyFrame("这些月份没有享受减免的单位，请核对月份和截至日期。")
    made.frame_digest = frame_digest(units_of(made))
    made.save(force_insert=True)
    return made


def _locked(draw_id: int, by: Officer) -> Draw:
    found = Draw.objects.select_for_update(of=("self",)).get(pk=draw_id)
    if not may_take_part(by, found):
        raise NotYours("这次抽样由制定机构的稽核岗、负责人岗办理。")
    return found


@transaction.atomic
def commit(*, draw_id: int, phrase: str, by: Officer, at: datetime) -> Commitment:
    """Commit to a phrase by its digest; the phrase itself isn't kept.

    :raises NotYours: if the officer isn't of the sample's agency and posts.
    :raises NotNow: if both have committed, or the officer has.
    :raises BadPhrase: if it could be found by trying.
    """
    found = _locked(draw_id, by)
    phrase = phrase.strip()
    if len(phrase) < SHORTEST_PHRASE:
        raise BadPhrase(f"口令至少 {SHORTEST_PHRASE} 个字符，免得被人试出来。")
    made = list(found.commitments.order_by("place"))
    if any(each.officer_id == by.pk for each in made):
        raise NotNow("您已作出承诺，需要另一位作第二次承诺。")
    if len(made) >= 2:
        raise NotNow("两次承诺都已作出。")
    try:
        with transaction.atomic():
            return Commitment.objects.create(
                draw=found,
                place=len(made) + 1,
                digest=commitment(phrase),
                officer=by,
                officer_name=casework.officer(by).name[:100],
                at=at,
            )
    except IntegrityError as copied:
        raise BadPhrase("两个人的口令不能相同。") from copied


@transaction.atomic
def reveal(*, draw_id: int, phrase: str, by: Officer, at: datetime) -> Draw:
    """Reveal one's phrase; with the second the sample is drawn.

    Revealing twice changes nothing.

    :raises NotYours: if the officer made no commitment.
    :raises NotNow: if not both have committed.
    :raises BadPhrase: if it isn't what was committed to.
    """
    found = _locked(draw_id, by)
    made = list(found.commitments.order_by("place"))
    mine = next((each for each in made if each.officer_id == by.pk), None)
    if mine is None:
        raise NotYours("您没有作出承诺，不用公开口令。")
    if len(made) < 2:
        raise NotNow("另一位还没有作出承诺，先不要公开口令。")
    if mine.phrase:
        return found
    if commitment(phrase.strip()) != mine.digest:
        raise BadPhrase("与承诺时的口令不一致，请核对大小写和空格。")
    mine.phrase, mine.revealed_at = phrase.strip(), at
    mine.save(update_fields=["phrase", "revealed_at"])
    if all(each.phrase for each in made):
        _draw(found, [each.phrase for each in made], at=at)
    return found


def _draw(found: Draw, phrases: list[str], *, at: datetime) -> None:
    seed = seed_of(found.frame_digest, phrases)
    numbers = dict(FrameUnit.objects.filter(draw=found).values_list("uscc", "pk"))
    Pick.objects.bulk_create(
        Pick(draw=found, unit_id=numbers[each.unit.uscc], place=each.place)
        for each in draw(units_of(found), design_of(found), seed)
    )
    found.seed, found.drawn_at = seed, at
    found.save(update_fields=["seed", "drawn_at"])


@dataclass(frozen=True)
class Redrawn:
    """A sample drawn again: what is wrong, empty where nothing is, and the list."""

    draw: Draw
    wrong: tuple[str, ...]
    picked: tuple[tuple[str, int, str], ...]


def redraw(number: str) -> Redrawn:
    """Draw a sample again from its frame and phrases, and compare everything that was stored.

    :raises LookupError: if there is no such sample.
    :raises NotNow: if it isn't drawn.
    """
    found = Draw.objects.filter(number=number).first()
    if found is None:
        raise LookupError(number)
    if not found.seed:
        raise NotNow("这次抽样还没有抽取。")
    units = units_of(found)
    made = list(found.commitments.order_by("place"))
    wrong = []
    if frame_digest(units) != found.frame_digest or len(units) != found.units:
        wrong.append("抽样框与公布的摘要不符")
    if any(commitment(each.phrase) != each.digest for each in made):
        wrong.append("口令与承诺不符")
    seed = seed_of(found.frame_digest, [each.phrase for each in made])
    if seed != found.seed:
        wrong.append("种子与抽样框和口令不符")
    again = [
        (each.unit.stratum, each.place, each.unit.uscc)
        for each in draw(units, design_of(found), seed)
    ]
    stored = sorted(found.picks.values_list("unit__stratum", "place", "unit__uscc").order_by())
    if sorted(again) != stored:
        wrong.append("抽中名单与重抽结果不同")
    return Redrawn(found, tuple(wrong), tuple(again))
