"""What each check forbids, and of which rows each partial key is."""

from typing import Any

_DAY = "2020-07-20"
_NOON = "2020-07-20 12:00:00+08"
_MID_MONTH = "2020-02-02"


def _decided() -> list[dict[str, Any]]:
    return [
        {"state": "PROPOSED", "decided_by_id": 1, "decided_at": _NOON},
        {"state": "CONFIRMED"},
        {"state": "CONFIRMED", "decided_by_id": 1},
        {"state": "CONFIRMED", "decided_at": _NOON},
    ]


def _by_one(who: str, then: str) -> list[dict[str, Any]]:
    return [{who: 7, then: 7}]


#: By check: the values of rows it refuses.
BROKEN: dict[str, list[dict[str, Any]]] = {
    "refunds_accountchange.account_change_two_people": _by_one("checked_by_id", "confirmed_by_id"),
    "refunds_accountchange.account_change_as_far_as_decided": [
        {"state": "PROPOSED", "checked_by_id": 1},
        {"state": "CHECKED"},
        {"state": "CHECKED", "checked_by_id": 1, "checked_at": _NOON, "confirmed_by_id": 2},
        {"state": "CONFIRMED", "checked_by_id": 1, "checked_at": _NOON},
        {"state": "CONFIRMED", "confirmed_by_id": 1, "confirmed_at": _NOON},
        {"state": "REFUSED"},
        {"state": "WITHDRAWN"},
    ],
    "refunds_accountchange.account_change_officer_shows_papers": [
        {"by_officer": True, "document": ""}
    ],
    "refunds_accountchange.account_change_file_is_known": [
        {"file": "", "sha256": "a"},
        {"file": "a.png", "sha256": ""},
    ],
    "refunds_accountchange.account_change_number_form": [
        {"bank_code": "12345678901X", "number": "12345678"},
        {"bank_code": "123456789012", "number": "1234567X"},
    ],
    "refunds_answerhandled.answer_handled_says_how": [{"note": ""}],
    "refunds_approval.refusal_has_a_reason": [{"granted": False, "reason": ""}],
    "refunds_approvalrules.approval_rules_share": [
        {"random_share": "-0.01"},
        {"random_share": "1.01"},
    ],
    "refunds_approvalrules.approval_rules_two_people": [
        {"by_release": False},
        {"by_release": True, "prepared_by_id": 7},
        {"by_release": False, "prepared_by_id": 7, "published_at": _NOON},
        {
            "by_release": False,
            "prepared_by_id": 7,
            "published_by_id": 7,
            "published_at": _NOON,
        },
    ],
    "refunds_approvaltier.approval_tier_from_nothing_up": [{"amount_from": "-0.01"}],
    "refunds_approvaltier.approval_tier_levels": [
        {"levels": ["FIRST"]},
        {"levels": []},
        {"levels": ["SECOND", "FIRST"]},
        {"levels": ["FIRST", "SECOND", "SECOND"]},
    ],
    "refunds_attempt.attempt_line_no_form": [{"line_no": "=1+1"}, {"line_no": ""}],
    "refunds_attempt.attempt_settled_on_a_day": [
        {"state": "PAID"},
        {"state": "BOUNCED"},
        {"state": "SENT", "settled_on": _DAY},
    ],
    "refunds_bankword.bank_word_decided_by_somebody": _decided(),
    "refunds_bankword.bank_word_has_a_document": [{"document": ""}],
    "refunds_bankword.bank_word_two_people": _by_one("prepared_by_id", "decided_by_id"),
    "refunds_batch.batch_checked_before_it_goes_on": [
        {"state": "CHECKED"},
        {
            "state": "CHECKED",
            "checked_by_id": 1,
            "checked_at": _NOON,
            "lines_sha256": "a" * 64,
            "checked_sha256": "b" * 64,
        },
    ],
    "refunds_batch.batch_approved_before_it_goes_on": [
        {"state": "APPROVED"},
        {
            "state": "SEALED",
            "approved_by_id": 1,
            "approved_at": _NOON,
            "lines_sha256": "a" * 64,
            "approved_sha256": "b" * 64,
        },
    ],
    "refunds_batch.batch_dissolved_by_somebody": [
        {"state": "DISSOLVED", "problem": "为什么"},
        {"state": "DISSOLVED", "problem": "", "dissolved_by_id": 1},
        {"state": "DRAFT", "dissolved_by_id": 1},
    ],
    "refunds_batch.batch_has_lines": [
        {"state": "CHECKED", "count": 0, "total": 0},
        {"state": "DRAFT", "count": 0, "total": 1},
        {"state": "DRAFT", "count": 1, "total": 0},
    ],
    "refunds_batch.batch_sealed_with_its_bytes": [
        {"state": "SEALED"},
        {"state": "SENT", "content": b"x", "content_sha256": "a" * 64},
        {"state": "DRAFT", "content": b"x", "content_sha256": "a" * 64, "sealed_at": _NOON},
    ],
    "refunds_batch.batch_three_people": [
        {"drafted_by_id": 7, "checked_by_id": 7},
        {"drafted_by_id": 7, "checked_by_id": 8, "approved_by_id": 7},
        {"drafted_by_id": 7, "checked_by_id": 8, "approved_by_id": 8},
    ],
    "refunds_batchsend.batch_send_ended_or_not": [
        {"outcome": "OPEN", "ended_at": _NOON},
        {"outcome": "SENT"},
    ],
    "refunds_correction.correction_decided_by_somebody": _decided(),
    "refunds_correction.correction_says_why": [{"reason": ""}, {"document": ""}],
    "refunds_correction.correction_two_people": _by_one("prepared_by_id", "decided_by_id"),
    "refunds_dayclose.day_closes_at_nothing": [
        {"difference": "0.01"},
        {"difference": 0, "ledger_total": 1, "answers_total": 2},
        {
            "difference": 0,
            "ledger_total": 1,
            "answers_total": 1,
            "statement_total": 2,
            "explained_total": 0,
        },
    ],
    "refunds_difference.difference_ended_or_not": [
        {"state": "SETTLED"},
        {"state": "OPEN", "ended_at": _NOON},
    ],
    "refunds_fundaccount.fund_account_number_is_digits": [
        {"number": "1234567"},
        {"number": "1234567890X"},
    ],
    "refunds_holdend.hold_end_has_a_reason": [{"reason": ""}],
    "refunds_obligation.obligation_is_something": [{"amount": 0}, {"amount": "-0.01"}],
    "refunds_obligation.project_refund_is_injury": [{"project_id": 1, "insurance": "pension"}],
    "refunds_obligation.project_is_never_offset": [
        {"project_id": 1, "state": "OFFSETTING"},
        {"project_id": 1, "state": "OFFSET"},
    ],
    "refunds_obligationitem.item_has_one_ground": [
        {},
        {"assessment_id": 1, "project_relief_id": 1},
    ],
    "refunds_obligationitem.item_first_of_month": [{"month": _MID_MONTH}],
    "refunds_obligationitem.item_is_something": [{"amount": 0}, {"amount": "-0.01"}],
    "refunds_offsetuse.offset_use_first_of_month": [{"to_month": _MID_MONTH}],
    "refunds_offsetuse.offset_use_or_undoing": [
        {"amount": 0},
        {"amount": -1},
        {"amount": 1, "undoes_id": 1},
    ],
    "refunds_offsetuse.offset_use_undoes_another": [{"id": 7, "undoes_id": 7, "amount": -1}],
    "refunds_samplecheck.sample_hold_has_a_reason": [{"verdict": "HOLD", "reason": ""}],
    "refunds_sampleline.sample_line_has_a_reason": [{"by_lot": False, "reasons": "[]"}],
    "refunds_staffchoice.staff_choice_decided_by_somebody": _decided(),
    "refunds_staffchoice.staff_choice_file_is_known": [
        {"file": "", "sha256": "a"},
        {"file": "a.png", "sha256": ""},
    ],
    "refunds_staffchoice.staff_choice_has_evidence": [
        {"evidence": "PHONE", "reference": "", "file": ""},
        {"evidence": "VISIT", "reference": "一", "file": ""},
    ],
    "refunds_staffchoice.staff_choice_refund_has_account": [
        {"wish": "REFUND"},
        {"wish": "OFFSET", "account_id": 1},
    ],
    "refunds_staffchoice.staff_choice_refused_for_a_reason": [{"state": "REFUSED", "reason": ""}],
    "refunds_staffchoice.staff_choice_two_people": _by_one("recorded_by_id", "decided_by_id"),
    "refunds_statementline.statement_line_is_something": [{"amount": 0}],
    "refunds_statementline.statement_line_sign": [
        {"kind": "PAYMENT", "amount": 1},
        {"kind": "RETURN", "amount": -1},
    ],
    "relief_ledgercorrection.ledger_correction_decided_whole": [
        {"state": "PROPOSED", "decided_by_id": 1, "decided_at": _NOON},
        {"state": "APPROVED", "decided_by_id": 1, "decided_at": _NOON},
        {"state": "REFUSED", "decided_by_id": 1, "decided_at": _NOON, "refusal": ""},
    ],
    "relief_ledgercorrection.ledger_correction_is_something": [{"amount": 0}, {"amount": -1}],
    "relief_ledgercorrection.ledger_correction_reverses_one": [
        {"kind": "REVERSAL"},
        {"kind": "WRITE_OFF", "reverses_id": 1},
    ],
    "relief_ledgercorrection.ledger_correction_two_people": _by_one(
        "prepared_by_id", "decided_by_id"
    ),
    "relief_ledgercorrectionitem.ledger_correction_item_first_of_month": [{"month": _MID_MONTH}],
    "relief_ledgercorrectionitem.ledger_correction_item_is_something": [{"amount": 0}],
    "relief_ledgerleg.leg_account_known": [{"account": "cash"}],
    "relief_ledgerleg.leg_first_of_month": [{"month": _MID_MONTH}],
    "relief_ledgerleg.leg_is_something": [{"amount": 0}],
    "relief_ledgerproof.proof_names_its_problem": [{"ok": True, "row": "1"}],
}

#: By partial key: the values that bring rows under it.
PARTIAL: dict[str, list[dict[str, Any]]] = {
    "refunds_accountchange.account_change_one_open": [
        {"state": "PROPOSED"},
        {"state": "CHECKED"},
    ],
    "refunds_attempt.attempt_one_live_per_obligation": [
        {"state": state} for state in ("QUEUED", "SENT", "UNKNOWN", "PAID")
    ],
    "refunds_bankword.bank_word_one_proposed": [{"state": "PROPOSED"}],
    "refunds_correction.correction_one_proposed": [{"state": "PROPOSED"}],
    "refunds_difference.difference_once": [
        {"state": state} for state in ("OPEN", "PROPOSED", "SETTLED")
    ],
    "refunds_batchsend.batch_send_one_open": [{"outcome": "OPEN"}],
    "relief_ledgerentry.entry_once_per_reference": [{}],
    "relief_ledgercorrection.ledger_correction_reversed_once": [
        {"state": "PROPOSED"},
        {"state": "APPROVED"},
    ],
}
