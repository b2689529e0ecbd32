import django.db.models.deletion
from django.db import migrations, models

# Nothing can belong to two projects: what a row points to must say the same project (and a seat the same round as its
# task). One key over both columns also costs an import one check for a row instead of two or three.
FORWARD = """
ALTER TABLE annotation_task
    ADD CONSTRAINT task_in_its_rounds_project FOREIGN KEY (project_id, round_id)
        REFERENCES annotation_round (project_id, id) DEFERRABLE INITIALLY DEFERRED,
    ADD CONSTRAINT task_in_its_items_project FOREIGN KEY (project_id, item_id)
        REFERENCES annotation_item (project_id, id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE annotation_assignment
    ADD CONSTRAINT seat_in_its_tasks_round FOREIGN KEY (project_id, round_id, task_id)
        REFERENCES annotation_task (project_id, round_id, id) DEFERRABLE INITIALLY DEFERRED,
    ADD CONSTRAINT seat_held_in_its_project FOREIGN KEY (project_id, annotator_id)
        REFERENCES annotation_member (project_id, id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE annotation_annotation
    ADD CONSTRAINT annotation_in_its_rounds_project FOREIGN KEY (project_id, round_id)
        REFERENCES annotation_round (project_id, id) DEFERRABLE INITIALLY DEFERRED,
    ADD CONSTRAINT annotation_in_its_items_project FOREIGN KEY (project_id, item_id)
        REFERENCES annotation_item (project_id, id) DEFERRABLE INITIALLY DEFERRED,
    ADD CONSTRAINT annotation_in_its_annotators_project FOREIGN KEY (project_id, annotator_id)
        REFERENCES annotation_member (project_id, id) DEFERRABLE INITIALLY DEFERRED;
"""
BACKWARD = """
ALTER TABLE annotation_annotation
    DROP CONSTRAINT annotation_in_its_annotators_project,
    DROP CONSTRAINT annotation_in_its_items_project,
    DROP CONSTRAINT annotation_in_its_rounds_project;
ALTER TABLE annotation_assignment
    DROP CONSTRAINT seat_held_in_its_project,
    DROP CONSTRAINT seat_in_its_tasks_round;
ALTER TABLE annotation_task
    DROP CONSTRAINT task_in_its_items_project,
    DROP CONSTRAINT task_in_its_rounds_project;
"""


class Migration(migrations.Migration):

    dependencies = [('annotation', '0003_queue_table_is_vacuumed_often')]

    operations = [
        migrations.RemoveIndex(
            model_name='assignment',
            name='seats_by_annotator',
        ),
        migrations.AlterField(
            model_name='annotation',
            name='annotator',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='annotations', to='annotation.member'),
        ),
        migrations.AlterField(
            model_name='annotation',
            name='item',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='annotations', to='annotation.item'),
        ),
        migrations.AlterField(
            model_name='annotation',
            name='project',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotation.project'),
        ),
        migrations.AlterField(
            model_name='annotation',
            name='round',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotation.round'),
        ),
        migrations.AlterField(
            model_name='assignment',
            name='annotator',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='assignments', to='annotation.member'),
        ),
        migrations.AlterField(
            model_name='assignment',
            name='project',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotation.project'),
        ),
        migrations.AlterField(
            model_name='assignment',
            name='round',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotation.round'),
        ),
        migrations.AlterField(
            model_name='assignment',
            name='task',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='assignments', to='annotation.task'),
        ),
        migrations.AlterField(
            model_name='item',
            name='batch',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotation.importbatch'),
        ),
        migrations.AlterField(
            model_name='item',
            name='project',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='items', to='annotation.project'),
        ),
        migrations.AlterField(
            model_name='task',
            name='item',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='tasks', to='annotation.item'),
        ),
        migrations.AlterField(
            model_name='task',
            name='project',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotation.project'),
        ),
        migrations.AlterField(
            model_name='task',
            name='round',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='tasks', to='annotation.round'),
        ),
        migrations.AddIndex(
            model_name='assignment',
            index=models.Index(condition=models.Q(('annotator__isnull', False)), fields=['annotator', 'state'], name='seats_by_annotator'),
        ),
        migrations.AddConstraint(
            model_name='item',
            constraint=models.UniqueConstraint(fields=('project', 'id'), name='items_by_project'),
        ),
        migrations.AddConstraint(
            model_name='member',
            constraint=models.UniqueConstraint(fields=('project', 'id'), name='members_by_project'),
        ),
        migrations.AddConstraint(
            model_name='round',
            constraint=models.UniqueConstraint(fields=('project', 'id'), name='rounds_by_project'),
        ),
        migrations.AddConstraint(
            model_name='task',
            constraint=models.UniqueConstraint(fields=('project', 'round', 'id'), name='tasks_by_round'),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
