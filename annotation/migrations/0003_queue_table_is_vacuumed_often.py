from django.db import migrations

# Every claim and submit leaves a dead entry at the head of the queue's index; many of them cost one slow claim.
FORWARD = """
ALTER TABLE annotation_assignment SET (
    autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_cost_delay = 0,
    fillfactor = 80
);
"""
BACKWARD = """
ALTER TABLE annotation_assignment RESET (
    autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold, autovacuum_vacuum_cost_delay, fillfactor
);
"""


class Migration(migrations.Migration):
    dependencies = [("annotation", "0002_answers_are_append_only")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
