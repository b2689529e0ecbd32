from django.db import migrations

# The table of Django's DatabaseCache (settings.CACHES): sign-in limits and the like, counted across all web processes.
FORWARD = """
CREATE TABLE operations_cache (
    cache_key varchar(255) NOT NULL PRIMARY KEY,
    value text NOT NULL,
    expires timestamptz NOT NULL
);
CREATE INDEX operations_cache_expires ON operations_cache (expires);
"""


class Migration(migrations.Migration):
    dependencies = [("operations", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, "DROP TABLE operations_cache;")]
