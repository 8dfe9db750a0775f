"""The table of declared persons, partitioned by month so that a province fits."""

from django.db import migrations

FORWARDS = """
CREATE SEQUENCE relief_declarationline_id_seq AS bigint CACHE 100;
CREATE TABLE relief_declarationline (
    id bigint NOT NULL DEFAULT nextval('relief_declarationline_id_seq'),
    employer_id bigint NOT NULL,
    month date NOT NULL,
    person_id varchar(18) NOT NULL,
    person_name varchar(60) NOT NULL,
    pension_base numeric(10, 2) NOT NULL,
    unemployment_base numeric(10, 2) NOT NULL,
    injury_base numeric(10, 2) NOT NULL,
    source_id bigint NOT NULL,
    "row" integer NOT NULL,
    replaced_by bigint,
    PRIMARY KEY (month, id),
    CONSTRAINT declaration_line_first_of_month CHECK (extract(day FROM month) = 1),
    CONSTRAINT declaration_line_bases_not_negative
        CHECK (pension_base >= 0 AND unemployment_base >= 0 AND injury_base >= 0)
) PARTITION BY RANGE (month);
ALTER SEQUENCE relief_declarationline_id_seq OWNED BY relief_declarationline.id;
CREATE UNIQUE INDEX declaration_line_one_in_force
    ON relief_declarationline (employer_id, month, person_id) WHERE replaced_by IS NULL;
DO $$
DECLARE
    starts date;
BEGIN
    FOR starts IN
        SELECT generate_series(date '2019-01-01', date '2022-12-01', interval '1 month')::date
    LOOP
        EXECUTE format(
            'CREATE TABLE %I PARTITION OF relief_declarationline FOR VALUES FROM (%L) TO (%L)',
            'relief_declarationline_' || to_char(starts, 'YYYYMM'),
            starts,
            (starts + interval '1 month')::date
        );
    END LOOP;
END $$;
-- A month that has no partition of its own yet is still taken in.
CREATE TABLE relief_declarationline_other PARTITION OF relief_declarationline DEFAULT;
"""

# A replaced row names its successor; that is the only change it ever sees.
GUARD = """
CREATE FUNCTION relief_replaced_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE'
        AND OLD.replaced_by IS NULL AND NEW.replaced_by IS NOT NULL
        AND (to_jsonb(OLD) - 'replaced_by') = (to_jsonb(NEW) - 'replaced_by')
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '%: a row may only be replaced, once', TG_TABLE_NAME;
END $$;
CREATE TRIGGER replaced_once BEFORE UPDATE OR DELETE ON relief_declarationline
    FOR EACH ROW EXECUTE FUNCTION relief_replaced_once();
CREATE TRIGGER replaced_once BEFORE UPDATE OR DELETE ON relief_declaration
    FOR EACH ROW EXECUTE FUNCTION relief_replaced_once();
"""

BACKWARDS = """
DROP TABLE relief_declarationline;
DROP TRIGGER replaced_once ON relief_declaration;
DROP FUNCTION relief_replaced_once();
"""


class Migration(migrations.Migration):
    dependencies = [("relief", "0001_initial")]
    operations = [migrations.RunSQL(FORWARDS + GUARD, BACKWARDS)]
