import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# A question belongs to one guideline with all it points to: its version, the version of its ruling, the question it
# repeats. One key over both columns each; the plain ones would be checked a second time.
FORWARD = """
ALTER TABLE guidelines_clarification
    ADD CONSTRAINT asked_under_a_version_of_its_guideline FOREIGN KEY (guideline_id, version_id)
        REFERENCES guidelines_guidelineversion (guideline_id, id) DEFERRABLE INITIALLY DEFERRED,
    ADD CONSTRAINT published_in_a_version_of_its_guideline FOREIGN KEY (guideline_id, published_in_id)
        REFERENCES guidelines_guidelineversion (guideline_id, id) DEFERRABLE INITIALLY DEFERRED,
    ADD CONSTRAINT repeats_a_question_to_its_guideline FOREIGN KEY (guideline_id, same_as_id)
        REFERENCES guidelines_clarification (guideline_id, id) DEFERRABLE INITIALLY DEFERRED;
"""
BACKWARD = """
ALTER TABLE guidelines_clarification
    DROP CONSTRAINT repeats_a_question_to_its_guideline,
    DROP CONSTRAINT published_in_a_version_of_its_guideline,
    DROP CONSTRAINT asked_under_a_version_of_its_guideline;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('guidelines', '0002_versions_are_frozen'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Clarification',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('number', models.PositiveIntegerField(help_text='1, 2, 3 ... in the guideline')),
                ('clause', models.CharField(blank=True, help_text='key of the clause it is about; empty: no clause', max_length=32)),
                ('question', models.CharField(max_length=2000)),
                ('asked_at', models.DateTimeField()),
                ('state', models.CharField(choices=[('open', 'Open'), ('answered', 'Answered'), ('withdrawn', 'Withdrawn')], default='open', max_length=9)),
                ('closed_at', models.DateTimeField(help_text='ruled on, or withdrawn', null=True)),
                ('ruling', models.CharField(blank=True, help_text='Markdown', max_length=2000)),
                ('outcome', models.CharField(blank=True, choices=[('draft', 'Draft'), ('minor', 'Minor'), ('told', 'Only Told')], max_length=5)),
                ('precedent', models.CharField(blank=True, help_text='key of the precedent that the ruling became', max_length=32)),
            ],
        ),
        migrations.CreateModel(
            name='ClarificationNotice',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('reason', models.CharField(choices=[('asked', 'Asked'), ('similar', 'Similar'), ('cited', 'Cited')], max_length=7)),
                ('told_at', models.DateTimeField()),
                ('dismissed_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.AddField(
            model_name='guideline',
            name='answer_within_hours',
            field=models.PositiveSmallIntegerField(db_default=24, default=24, help_text='how soon questions about it are to be answered'),
        ),
        migrations.AddConstraint(
            model_name='guideline',
            constraint=models.CheckConstraint(condition=models.Q(('answer_within_hours__gte', 1), ('answer_within_hours__lte', 720)), name='questions_are_answered_within_a_month'),
        ),
        migrations.AddConstraint(
            model_name='guidelineversion',
            constraint=models.UniqueConstraint(fields=('guideline', 'id'), name='versions_by_guideline'),
        ),
        migrations.AddField(
            model_name='clarification',
            name='asked_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='clarifications', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='clarification',
            name='guideline',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='clarifications', to='guidelines.guideline'),
        ),
        migrations.AddField(
            model_name='clarification',
            name='published_in',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='guidelines.guidelineversion'),
        ),
        migrations.AddField(
            model_name='clarification',
            name='ruled_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='clarification',
            name='same_as',
            field=models.ForeignKey(db_constraint=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='repeats', to='guidelines.clarification'),
        ),
        migrations.AddField(
            model_name='clarification',
            name='version',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='guidelines.guidelineversion'),
        ),
        migrations.AddField(
            model_name='clarificationnotice',
            name='clarification',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='notices', to='guidelines.clarification'),
        ),
        migrations.AddField(
            model_name='clarificationnotice',
            name='user',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='clarification_notices', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddIndex(
            model_name='clarification',
            index=models.Index(condition=models.Q(('state', 'open')), fields=['guideline', 'id'], name='open_clarifications'),
        ),
        migrations.AddIndex(
            model_name='clarification',
            index=models.Index(fields=['asked_by', 'asked_at'], name='clarifications_by_asker'),
        ),
        migrations.AddConstraint(
            model_name='clarification',
            constraint=models.UniqueConstraint(fields=('guideline', 'number'), name='one_clarification_per_number'),
        ),
        migrations.AddConstraint(
            model_name='clarification',
            constraint=models.UniqueConstraint(fields=('guideline', 'id'), name='clarifications_by_guideline'),
        ),
        migrations.AddConstraint(
            model_name='clarification',
            constraint=models.CheckConstraint(condition=models.Q(('number__gte', 1)), name='clarifications_are_numbered_from_1'),
        ),
        migrations.AddConstraint(
            model_name='clarification',
            constraint=models.CheckConstraint(condition=models.Q(('question', ''), _negated=True), name='a_clarification_asks_something'),
        ),
        migrations.AddConstraint(
            model_name='clarification',
            constraint=models.CheckConstraint(condition=models.Q(('same_as__isnull', True), models.Q(('same_as', models.F('id')), _negated=True), _connector='OR'), name='a_clarification_does_not_repeat_itself'),
        ),
        migrations.AddConstraint(
            model_name='clarification',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closed_at__isnull', True), ('outcome', ''), ('ruled_by__isnull', True), ('ruling', ''), ('state', 'open')), models.Q(('closed_at__isnull', False), ('outcome', ''), ('ruled_by__isnull', True), ('ruling', ''), ('state', 'withdrawn')), models.Q(('closed_at__isnull', False), ('ruled_by__isnull', False), ('state', 'answered'), models.Q(('ruling', ''), _negated=True), ('outcome__in', ['draft', 'minor', 'told'])), _connector='OR'), name='an_answered_clarification_has_its_ruling'),
        ),
        migrations.AddConstraint(
            model_name='clarification',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('outcome__in', ['draft', 'minor']), models.Q(('precedent', ''), _negated=True)), models.Q(models.Q(('outcome__in', ['draft', 'minor']), _negated=True), ('precedent', '')), _connector='OR'), name='a_ruling_in_the_guideline_is_a_precedent'),
        ),
        migrations.AddConstraint(
            model_name='clarification',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('outcome', 'minor'), ('published_in__isnull', False)), models.Q(models.Q(('outcome', 'minor'), _negated=True), ('published_in__isnull', True)), _connector='OR'), name='a_ruling_published_at_once_says_where'),
        ),
        migrations.AddIndex(
            model_name='clarificationnotice',
            index=models.Index(condition=models.Q(('dismissed_at__isnull', True)), fields=['user'], name='notices_to_read'),
        ),
        migrations.AddConstraint(
            model_name='clarificationnotice',
            constraint=models.UniqueConstraint(fields=('clarification', 'user'), name='one_notice_per_person'),
        ),
        migrations.AddConstraint(
            model_name='clarificationnotice',
            constraint=models.CheckConstraint(condition=models.Q(('reason__in', ['asked', 'similar', 'cited'])), name='a_notice_says_why_it_came'),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
