"""A choice noted for a unit: by its own agency's handler, confirmed by another person there."""

from tests.refunds.nobody_alone.matrix import Step
from tests.refunds.telling import confirm, note, offered

STEPS = {
    "代单位登记选择": Step(
        offered,
        frozenset({("本县", "HANDLER")}),
        lambda employer, officer: note(employer, officer=officer),
    ),
    "确认代登记的选择": Step(
        lambda: note(offered()),
        frozenset({("本县", "HANDLER"), ("本县", "REVIEWER")}),
        lambda choice, officer: confirm(choice, officer),
        part=lambda choice: [choice.recorded_by],
    ),
}
