from django.db import migrations

FORWARD = """
CREATE TRIGGER snapshots_are_frozen BEFORE UPDATE OR DELETE ON quality_datasetsnapshot
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER finding_events_are_append_only BEFORE UPDATE OR DELETE ON quality_findingevent
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""
BACKWARD = """
DROP TRIGGER finding_events_are_append_only ON quality_findingevent;
DROP TRIGGER snapshots_are_frozen ON quality_datasetsnapshot;
"""


class Migration(migrations.Migration):
    dependencies = [("quality", "0001_initial"), ("accounts", "0002_audit_is_append_only")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
