from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("quality", "0003_finding_events_carry_figures"),
        ("annotation", "0007_gold_belongs_to_annotation"),
    ]
    operations = [
        migrations.SeparateDatabaseAndState(state_operations=[migrations.DeleteModel("GoldLabel")]),
    ]
