from django.db import migrations

FORWARD = """
CREATE TRIGGER published_versions_are_frozen BEFORE UPDATE OR DELETE ON guidelines_guidelineversion
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""
BACKWARD = "DROP TRIGGER published_versions_are_frozen ON guidelines_guidelineversion;"


class Migration(migrations.Migration):
    dependencies = [("guidelines", "0001_initial"), ("accounts", "0002_audit_is_append_only")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
