import django.db.models.deletion
from django.db import migrations, models

# A question, its item and who asked belong to one project.
FORWARD = """
ALTER TABLE annotation_taskquestion
    ADD CONSTRAINT question_on_an_item_of_its_project FOREIGN KEY (project_id, item_id)
        REFERENCES annotation_item (project_id, id) DEFERRABLE INITIALLY DEFERRED,
    ADD CONSTRAINT question_by_a_member_of_its_project FOREIGN KEY (project_id, annotator_id)
        REFERENCES annotation_member (project_id, id) DEFERRABLE INITIALLY DEFERRED;
"""
BACKWARD = """
ALTER TABLE annotation_taskquestion
    DROP CONSTRAINT question_by_a_member_of_its_project,
    DROP CONSTRAINT question_on_an_item_of_its_project;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('annotation', '0012_qualification_and_desk'),
        ('guidelines', '0003_clarifications'),
    ]

    operations = [
        migrations.CreateModel(
            name='TaskQuestion',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('annotator', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotation.member')),
                ('clarification', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='task_questions', to='guidelines.clarification')),
                ('item', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='questions', to='annotation.item')),
                ('lease', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotation.lease')),
                ('note', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='task_question', to='annotation.desknote')),
                ('project', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotation.project')),
                ('task', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotation.task')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('clarification', 'lease'), name='one_question_of_a_kind_per_lease'), models.UniqueConstraint(condition=models.Q(('note__isnull', False)), fields=('lease',), name='an_item_is_parked_by_one_question')],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
