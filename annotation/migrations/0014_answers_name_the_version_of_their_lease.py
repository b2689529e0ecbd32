from django.db import migrations

FORWARD = """
-- What was on the screen is what the lease names; an answer names the same, whatever was published meanwhile. A look
-- at the lease by its key, not a foreign key over both columns: that would want one more index over every lease.
CREATE FUNCTION answer_names_the_version_of_its_lease() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.guideline_version_id IS DISTINCT FROM
       (SELECT guideline_version_id FROM annotation_lease WHERE id = NEW.lease_id) THEN
        RAISE EXCEPTION 'an answer names the guideline version of its lease' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER answers_name_the_version_of_their_lease BEFORE INSERT ON annotation_annotation
    FOR EACH ROW WHEN (NEW.lease_id IS NOT NULL) EXECUTE FUNCTION answer_names_the_version_of_its_lease();

CREATE FUNCTION lease_keeps_its_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a lease keeps the guideline version it was given with' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER leases_keep_their_version BEFORE UPDATE OF guideline_version_id ON annotation_lease
    FOR EACH ROW WHEN (OLD.guideline_version_id IS DISTINCT FROM NEW.guideline_version_id)
    EXECUTE FUNCTION lease_keeps_its_version();
"""
BACKWARD = """
DROP TRIGGER leases_keep_their_version ON annotation_lease;
DROP FUNCTION lease_keeps_its_version();
DROP TRIGGER answers_name_the_version_of_their_lease ON annotation_annotation;
DROP FUNCTION answer_names_the_version_of_its_lease();
"""


class Migration(migrations.Migration):
    dependencies = [("annotation", "0013_task_questions")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
