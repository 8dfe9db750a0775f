"""Whether the same stored rows go into a shard as went into an earlier one."""

_IDS = "count(*) || ':' || coalesce(sum(id), 0) || ':' || coalesce(bit_xor(hashint8extended(id, 0)), 0)"
#: Returns a text that is the same only if the very same rows go into a shard. Rows are never
#: changed, so their numbers say all; it is compared with an earlier shard of the same law.
FINGERPRINT = f"""
SELECT concat_ws('/',
    (SELECT md5(string_agg(id || uscc, ',' ORDER BY id)) FROM registry_employer
        WHERE id BETWEEN %(first)s AND %(last)s),
    (SELECT {_IDS} FROM registry_employerterms WHERE id <= %(terms)s),
    (SELECT {_IDS} FROM classification_sizerecord
        WHERE id <= %(sizes)s AND dated <= %(as_of)s),
    (SELECT {_IDS} FROM classification_classdecision
        WHERE id <= %(classes)s AND decided_on <= %(as_of)s),
    (SELECT {_IDS} FROM (
        SELECT id FROM relief_declaration
        WHERE replaced_by IS NULL AND id <= %(declarations)s
            AND employer_id BETWEEN %(first)s AND %(last)s
            AND month BETWEEN %(first_month)s AND %(last_month)s
        UNION ALL
        SELECT id FROM relief_declaration
        WHERE replaced_by > %(declarations)s AND id <= %(declarations)s
            AND employer_id BETWEEN %(first)s AND %(last)s
            AND month BETWEEN %(first_month)s AND %(last_month)s) d),
    (SELECT {_IDS} FROM relief_payment
        WHERE employer_id BETWEEN %(first)s AND %(last)s AND id <= %(payments)s
            AND month BETWEEN %(first_month)s AND %(last_month)s AND arrived_on <= %(as_of)s),
    (SELECT {_IDS} FROM relief_paidback
        WHERE employer_id BETWEEN %(first)s AND %(last)s AND id <= %(paid_back)s
            AND month BETWEEN %(first_month)s AND %(last_month)s AND "on" <= %(as_of)s),
    (SELECT {_IDS} FROM (
        SELECT c.id FROM relief_estimatedecision c
        JOIN relief_estimatedassessment l ON l.order_id = c.order_id
        WHERE l.employer_id BETWEEN %(first)s AND %(last)s AND c.id <= %(estimates)s
            AND l.month BETWEEN %(first_month)s AND %(last_month)s
            AND c.decided_on <= %(as_of)s) assessed),
    -- Totals show an ended hold already, but not where only other limits tell the bases apart.
    (SELECT {_IDS} FROM relief_basehold
        WHERE employer_id BETWEEN %(first)s AND %(last)s AND id <= %(holds)s
            AND month BETWEEN %(first_month)s AND %(last_month)s),
    (SELECT {_IDS} FROM (
        SELECT e.id FROM relief_baseholdend e JOIN relief_basehold h ON h.id = e.hold_id
        WHERE h.employer_id BETWEEN %(first)s AND %(last)s AND e.id <= %(hold_ends)s
            AND h.month BETWEEN %(first_month)s AND %(last_month)s) ended))
"""
