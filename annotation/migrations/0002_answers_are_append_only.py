from django.db import migrations

FORWARD = """
-- An annotation is superseded once; everything else about it stays, and it is never removed.
CREATE FUNCTION annotation_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.superseded_at IS NULL AND NEW.superseded_at IS NOT NULL THEN
        OLD.superseded_at := NEW.superseded_at;
        IF OLD IS NOT DISTINCT FROM NEW THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'an annotation is never changed, only superseded once' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER annotations_are_append_only BEFORE UPDATE OR DELETE ON annotation_annotation
    FOR EACH ROW EXECUTE FUNCTION annotation_is_append_only();

-- What an item shows never changes; its priority in the queue may.
CREATE FUNCTION item_content_is_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.external_id, NEW.project_id, NEW.sha256, NEW.payload, NEW.meta, NEW.created_at)
       IS DISTINCT FROM (OLD.external_id, OLD.project_id, OLD.sha256, OLD.payload, OLD.meta, OLD.created_at) THEN
        RAISE EXCEPTION 'the content of an item never changes' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER items_are_frozen BEFORE UPDATE ON annotation_item
    FOR EACH ROW EXECUTE FUNCTION item_content_is_frozen();
"""
BACKWARD = """
DROP TRIGGER items_are_frozen ON annotation_item;
DROP FUNCTION item_content_is_frozen();
DROP TRIGGER annotations_are_append_only ON annotation_annotation;
DROP FUNCTION annotation_is_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("annotation", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
