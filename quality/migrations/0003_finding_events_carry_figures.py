from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("quality", "0002_snapshots_are_frozen")]
    operations = [
        migrations.AddField("findingevent", "figures", models.JSONField(default=dict)),
        migrations.AlterField("finding", "method", models.CharField(max_length=200)),
    ]
