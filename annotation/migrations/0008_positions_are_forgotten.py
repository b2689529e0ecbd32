from django.db import migrations

# Positions are kept by lane from the next migration on. They are hints: lost ones cost each person one search.


class Migration(migrations.Migration):
    dependencies = [("annotation", "0007_gold_belongs_to_annotation")]
    operations = [migrations.DeleteModel("QueuePosition")]
