import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# The queue hands gold out, so its app owns it. The table is renamed; nothing in it changes.


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("annotation", "0006_an_items_batch_is_not_checked_row_by_row"),
        ("quality", "0003_finding_events_carry_figures"),
    ]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "ALTER TABLE quality_goldlabel RENAME TO annotation_goldlabel",
                    "ALTER TABLE annotation_goldlabel RENAME TO quality_goldlabel",
                )
            ],
            state_operations=[
                migrations.CreateModel(
                    name="GoldLabel",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        ("answer", models.JSONField()),
                        ("rationale", models.TextField(blank=True)),
                        ("created_at", models.DateTimeField()),
                        ("superseded_at", models.DateTimeField(null=True)),
                        ("created_by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                        ("item", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="gold_labels", to="annotation.item")),
                        ("project", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="annotation.project")),
                    ],
                ),
                migrations.AddConstraint(
                    model_name="goldlabel",
                    constraint=models.UniqueConstraint(condition=models.Q(("superseded_at__isnull", True)), fields=("item",), name="one_current_gold_per_item"),
                ),
            ],
        ),
    ]
