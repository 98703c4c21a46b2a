"""Have the database itself refuse to edit or remove audit entries.

Whoever may change the schema can still drop these triggers: then the hash chain shows what was
done. They stop mistakes, and code that was led astray.
"""

from __future__ import annotations

from typing import Any

from django.db import migrations

TABLE = "rollbook_auditentry"

PUT_ON = {
    "sqlite": [
        f"CREATE TRIGGER audit_no_{verb.lower()} BEFORE {verb} ON {TABLE} BEGIN"
        " SELECT RAISE(ABORT, 'audit entries are append-only'); END"
        for verb in ("UPDATE", "DELETE")
    ],
    "postgresql": [
        "CREATE FUNCTION rollbook_audit_append_only() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'audit entries are append-only'"
        " USING ERRCODE = 'integrity_constraint_violation'; END $$",
        f"CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {TABLE}"
        " FOR EACH STATEMENT EXECUTE FUNCTION rollbook_audit_append_only()",
    ],
}
TAKE_OFF = {
    "sqlite": [f"DROP TRIGGER audit_no_{verb}" for verb in ("update", "delete")],
    "postgresql": [
        f"DROP TRIGGER audit_append_only ON {TABLE}",
        "DROP FUNCTION rollbook_audit_append_only()",
    ],
}


def put_on(apps: Any, schema_editor: Any) -> None:
    for statement in PUT_ON[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def take_off(apps: Any, schema_editor: Any) -> None:
    for statement in TAKE_OFF[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("rollbook", "0001_initial")]
    operations = [migrations.RunPython(put_on, take_off)]
