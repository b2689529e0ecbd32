from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("annotation", "0010_models_hold_no_seat_and_only_models_predict")]

    operations = [
        migrations.AddField(
            model_name="member",
            name="gold_judged_from",
            field=models.DateTimeField(
                help_text="resumed then: a rule judges by gold answers given after it", null=True
            ),
        ),
        migrations.AddIndex(
            model_name="prediction",
            index=models.Index(fields=["project", "id"], name="predictions_by_project"),
        ),
    ]
