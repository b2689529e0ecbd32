
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('annotation', '0005_claims_start_where_the_last_one_was'),
    ]

    operations = [
        migrations.AlterField(
            model_name='item',
            name='batch',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotation.importbatch'),
        ),
    ]
