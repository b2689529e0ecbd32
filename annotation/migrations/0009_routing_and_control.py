
import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models

# Rows that are there already: stuck tasks were skipped by all, returned seats count as come with the first tick.
FILL = """
UPDATE annotation_task SET desk_reason = 'skipped' WHERE state = 'needs_lead';
UPDATE annotation_assignment SET late = 1 WHERE state = 'open' AND epoch > 0;
UPDATE annotation_round SET n_items = (
    SELECT count(DISTINCT item_id) FROM annotation_task WHERE annotation_task.round_id = annotation_round.id);
INSERT INTO annotation_routing (project_id, gold_mode, repeat_rate, gold_floor_least, time_zone, prelabel_share)
    SELECT id, 'silent', 0, 20, 'UTC', 0 FROM annotation_project;
INSERT INTO annotation_queueclock (project_id, ticks) SELECT id, 1 FROM annotation_project;
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('annotation', '0008_positions_are_forgotten'),
        ('guidelines', '0002_versions_are_frozen'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='DeskNote',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('flag', 'Flag'), ('park', 'Park')], max_length=4)),
                ('note', models.CharField(max_length=2000)),
                ('clause', models.CharField(blank=True, help_text='key of the clause it is about', max_length=40)),
                ('created_at', models.DateTimeField()),
                ('closed_at', models.DateTimeField(null=True)),
                ('reply', models.CharField(blank=True, max_length=2000)),
            ],
        ),
        migrations.CreateModel(
            name='LaneCount',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('lane', models.SmallIntegerField()),
                ('taken', models.IntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name='PairMeeting',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('shared', models.IntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name='Prediction',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('model_kind', models.CharField(default='model', max_length=5)),
                ('model_version', models.CharField(max_length=100)),
                ('model_family', models.CharField(blank=True, max_length=100)),
                ('answer', models.JSONField()),
                ('score', models.FloatField(null=True)),
                ('created_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Qualification',
            fields=[
                ('project', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='qualification', serialize=False, to='annotation.project')),
                ('is_required', models.BooleanField(default=True)),
                ('threshold', models.FloatField(default=0.8, help_text='share of the items that must be answered as the gold says')),
                ('attempts', models.PositiveSmallIntegerField(default=2)),
                ('shows_feedback', models.BooleanField(default=True, help_text='each answer is followed by the gold and its reason')),
                ('again_after_major', models.BooleanField(default=False, help_text='a new meaning must be proven anew')),
            ],
        ),
        migrations.CreateModel(
            name='QualificationAttempt',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('major', models.PositiveIntegerField()),
                ('number', models.PositiveSmallIntegerField()),
                ('state', models.CharField(choices=[('running', 'Running'), ('passed', 'Passed'), ('failed', 'Failed')], default='running', max_length=7)),
                ('n_items', models.PositiveIntegerField(null=True)),
                ('n_right', models.PositiveIntegerField(null=True)),
                ('threshold', models.FloatField(help_text='as it was when the attempt began')),
                ('started_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='QualificationItem',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
            ],
        ),
        migrations.CreateModel(
            name='QueueClock',
            fields=[
                ('project', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='queue_clock', serialize=False, to='annotation.project')),
                ('ticks', models.BigIntegerField(default=1)),
            ],
        ),
        migrations.CreateModel(
            name='QueueMemory',
            fields=[
                ('annotator', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='annotation.member')),
                ('day', models.DateField(help_text="today, in the project's time zone, when it was last counted")),
                ('served', models.PositiveIntegerField(default=0, help_text='items handed to them on that day, of every kind')),
                ('answered', models.PositiveIntegerField(default=0, help_text='answers of that day that were not taken back')),
                ('gold', models.PositiveIntegerField(default=0)),
                ('repeats', models.PositiveIntegerField(default=0)),
                ('empty_ticks', models.BigIntegerField(null=True)),
                ('empty_openings', models.BigIntegerField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='QueuePosition',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('lane', models.SmallIntegerField(help_text='the number of a slice contract, or routing.ALL_LANES, URGENT')),
                ('rank', models.IntegerField()),
                ('seat', models.BigIntegerField()),
                ('late', models.BigIntegerField()),
                ('openings', models.BigIntegerField(help_text="the sum of the rounds' counts when it was taken")),
            ],
        ),
        migrations.CreateModel(
            name='Routing',
            fields=[
                ('project', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='routing', serialize=False, to='annotation.project')),
                ('gold_mode', models.CharField(choices=[('silent', 'Silent'), ('teaching', 'Teaching')], default='silent', max_length=8)),
                ('repeat_rate', models.FloatField(default=0)),
                ('gold_floor', models.FloatField(help_text='pause whose gold accuracy is proven to lie under it', null=True)),
                ('gold_floor_least', models.PositiveIntegerField(default=20, help_text='gold answers before anybody is judged')),
                ('max_per_day', models.PositiveIntegerField(help_text='answers of one person in a day', null=True)),
                ('max_share', models.FloatField(help_text='of the tasks opened, what one person may answer', null=True)),
                ('time_zone', models.CharField(default='UTC', help_text='in which a day begins', max_length=50)),
                ('prelabel_share', models.FloatField(default=0, help_text='of the items that have one, where it is shown')),
            ],
        ),
        migrations.CreateModel(
            name='SliceContract',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('number', models.SmallIntegerField()),
                ('slice', models.JSONField(help_text='{"language": "de"}: all of them must be so in the meta of an item')),
                ('target_labels', models.PositiveIntegerField(null=True)),
                ('overlap_share', models.FloatField(help_text='share of the items that get `shared_labels`', null=True)),
                ('shared_labels', models.PositiveSmallIntegerField(null=True)),
                ('widest_interval', models.FloatField(help_text='of alpha, from lower to upper end', null=True)),
                ('lowest_alpha', models.FloatField(null=True)),
                ('skills', models.JSONField(default=list, help_text='a person needs all of them')),
                ('cohort_key', models.CharField(blank=True, max_length=100)),
                ('least_cohorts', models.PositiveSmallIntegerField(default=0, help_text='different values of cohort_key on an item')),
                ('need', models.FloatField(default=0)),
                ('need_facts', models.JSONField(default=dict)),
                ('measured_at', models.DateTimeField(null=True)),
                ('is_active', models.BooleanField(default=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='assignment',
            name='one_lease_per_annotator',
        ),
        migrations.RemoveConstraint(
            model_name='assignment',
            name='seat_has_what_its_state_needs',
        ),
        migrations.RemoveConstraint(
            model_name='round',
            name='round_kind_is_known',
        ),
        migrations.RemoveConstraint(
            model_name='round',
            name='round_state_is_known',
        ),
        migrations.RemoveIndex(
            model_name='assignment',
            name='returned_seats_in_order',
        ),
        migrations.AddField(
            model_name='assignment',
            name='cohort',
            field=models.CharField(help_text='of who holds it, where it counts', max_length=200, null=True),
        ),
        migrations.AddField(
            model_name='assignment',
            name='is_ahead',
            field=models.BooleanField(db_default=False, default=False, help_text='leased for after what they hold now'),
        ),
        migrations.AddField(
            model_name='assignment',
            name='lane',
            field=models.SmallIntegerField(db_default=0, default=0, help_text='number of the slice contract its item falls under, or 0'),
        ),
        migrations.AddField(
            model_name='assignment',
            name='late',
            field=models.BigIntegerField(help_text='tick at which it came (back) into the queue: QueueClock', null=True),
        ),
        migrations.AddField(
            model_name='assignment',
            name='needs_cohort',
            field=models.BooleanField(db_default=False, default=False, help_text='for a cohort that no other such seat of the task has'),
        ),
        migrations.AddField(
            model_name='assignment',
            name='purpose',
            field=models.CharField(choices=[('adaptive', 'Adaptive'), ('gold', 'Gold'), ('repeat', 'Repeat'), ('qualify', 'Qualification')], max_length=8, null=True),
        ),
        migrations.AddField(
            model_name='assignment',
            name='reserved_for',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotation.member'),
        ),
        migrations.AddField(
            model_name='item',
            name='feed_reason',
            field=models.CharField(blank=True, db_default='', default='', help_text='why it was sent: model uncertainty, ...', max_length=200),
        ),
        migrations.AddField(
            model_name='lease',
            name='facts',
            field=models.JSONField(help_text='what the reason rests on; for leads, never for annotators', null=True),
        ),
        migrations.AddField(
            model_name='lease',
            name='prelabel_shown',
            field=models.BooleanField(help_text='null: there was none to show or to hold back', null=True),
        ),
        migrations.AddField(
            model_name='member',
            name='accuracy',
            field=models.FloatField(help_text='estimated by the last analysis; adaptive overlap weighs by it', null=True),
        ),
        migrations.AddField(
            model_name='member',
            name='pause_evidence',
            field=models.JSONField(blank=True, help_text='the figures, when a rule has paused them', null=True),
        ),
        migrations.AddField(
            model_name='member',
            name='qualified_major',
            field=models.PositiveIntegerField(help_text='newest major they have passed for', null=True),
        ),
        migrations.AddField(
            model_name='round',
            name='n_items',
            field=models.BigIntegerField(default=0, help_text='items it was opened for, counted as they are opened'),
        ),
        migrations.AddField(
            model_name='task',
            name='desk_reason',
            field=models.CharField(blank=True, choices=[('skipped', 'Skipped'), ('abandoned', 'Abandoned'), ('disagreement', 'Disagreement')], db_default='', default='', max_length=12),
        ),
        migrations.AddField(
            model_name='task',
            name='expiries',
            field=models.PositiveSmallIntegerField(db_default=0, default=0, help_text='leases of it that ran out'),
        ),
        migrations.AddField(
            model_name='task',
            name='most_labels',
            field=models.PositiveSmallIntegerField(help_text='adaptive overlap: no more labels than this', null=True),
        ),
        migrations.AddField(
            model_name='task',
            name='posterior',
            field=models.FloatField(help_text='of the best label, when adaptive overlap last looked', null=True),
        ),
        migrations.AlterField(
            model_name='assignment',
            name='slot',
            field=models.PositiveSmallIntegerField(help_text="null: a seat of somebody's own, which needs no number", null=True),
        ),
        migrations.AlterField(
            model_name='assignment',
            name='state',
            field=models.CharField(choices=[('open', 'Open'), ('leased', 'Leased'), ('submitted', 'Submitted'), ('parked', 'Parked'), ('withdrawn', 'Withdrawn')], default='open', max_length=9),
        ),
        migrations.AlterField(
            model_name='lease',
            name='ending',
            field=models.CharField(choices=[('submitted', 'Submitted'), ('released', 'Released'), ('expired', 'Expired'), ('skipped', 'Skipped'), ('undone', 'Undone'), ('parked', 'Parked')], max_length=9, null=True),
        ),
        migrations.AlterField(
            model_name='lease',
            name='reason',
            field=models.CharField(help_text='why this item: annotation/routing.py has the list', max_length=40),
        ),
        migrations.AlterField(
            model_name='round',
            name='kind',
            field=models.CharField(choices=[('initial', 'Initial'), ('relabel', 'Relabel'), ('imported', 'Imported'), ('qualification', 'Qualification'), ('gold', 'Gold'), ('repeat', 'Repeat')], max_length=13),
        ),
        migrations.AlterField(
            model_name='round',
            name='state',
            field=models.CharField(choices=[('open', 'Open'), ('paused', 'Paused'), ('closed', 'Closed')], default='open', max_length=6),
        ),
        migrations.AddIndex(
            model_name='assignment',
            index=models.Index(models.F('project'), models.F('lane'), models.F('rank'), models.F('id'), condition=models.Q(('lane__gt', 0), ('state', 'open')), name='open_seats_of_lanes'),
        ),
        migrations.AddIndex(
            model_name='assignment',
            index=models.Index(condition=models.Q(('late__isnull', False), ('state', 'open')), fields=['project', 'late'], name='late_seats_in_order'),
        ),
        migrations.AddIndex(
            model_name='assignment',
            index=models.Index(condition=models.Q(('reserved_for__isnull', False), ('state', 'open')), fields=['reserved_for'], name='reserved_seats'),
        ),
        migrations.AddIndex(
            model_name='goldlabel',
            index=models.Index(condition=models.Q(('superseded_at__isnull', True)), fields=['project', 'id'], name='gold_by_project'),
        ),
        migrations.AddConstraint(
            model_name='assignment',
            constraint=models.UniqueConstraint(condition=models.Q(('is_ahead', False), ('state', 'leased')), fields=('project', 'annotator'), name='one_lease_per_annotator'),
        ),
        migrations.AddConstraint(
            model_name='assignment',
            constraint=models.UniqueConstraint(condition=models.Q(('is_ahead', True), ('state', 'leased')), fields=('project', 'annotator'), name='one_lease_ahead_per_annotator'),
        ),
        migrations.AddConstraint(
            model_name='assignment',
            constraint=models.UniqueConstraint(condition=models.Q(('cohort__isnull', False), ('needs_cohort', True)), fields=('task', 'cohort'), name='one_such_seat_per_cohort'),
        ),
        migrations.AddConstraint(
            model_name='assignment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('annotator__isnull', True), ('leased_until__isnull', True), ('purpose__isnull', True), ('state', 'open')), models.Q(('annotator__isnull', True), ('leased_until__isnull', True), ('purpose', 'adaptive'), ('state', 'open')), models.Q(('annotator__isnull', True), ('leased_until__isnull', True), ('state', 'withdrawn')), models.Q(('leased_until__isnull', True), ('purpose__in', ['gold', 'repeat', 'qualify']), ('state', 'withdrawn')), models.Q(('annotator__isnull', False), ('leased_until__isnull', False), ('state', 'leased')), models.Q(('annotator__isnull', False), ('leased_until__isnull', True), ('state__in', ['submitted', 'parked'])), _connector='OR'), name='seat_has_what_its_state_needs'),
        ),
        migrations.AddConstraint(
            model_name='assignment',
            constraint=models.CheckConstraint(condition=models.Q(('purpose__isnull', True), ('purpose__in', ['adaptive', 'gold', 'repeat', 'qualify']), _connector='OR'), name='seat_purpose_is_known'),
        ),
        migrations.AddConstraint(
            model_name='assignment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('purpose__in', ['gold', 'repeat', 'qualify']), ('slot__isnull', True)), models.Q(('slot__isnull', False), models.Q(('purpose__isnull', True), ('purpose', 'adaptive'), _connector='OR')), _connector='OR'), name='seats_are_numbered_unless_ones_own'),
        ),
        migrations.AddConstraint(
            model_name='assignment',
            constraint=models.CheckConstraint(condition=models.Q(('is_ahead', False), ('state', 'leased'), _connector='OR'), name='only_leases_are_ahead'),
        ),
        migrations.AddConstraint(
            model_name='assignment',
            constraint=models.CheckConstraint(condition=models.Q(('reserved_for__isnull', True), ('state__in', ['open', 'leased', 'submitted', 'parked']), _connector='OR'), name='what_is_reserved_is_in_use'),
        ),
        migrations.AddConstraint(
            model_name='member',
            constraint=models.UniqueConstraint(fields=('project', 'id', 'kind'), name='members_by_project_and_kind'),
        ),
        migrations.AddConstraint(
            model_name='member',
            constraint=models.CheckConstraint(condition=models.Q(('accuracy__isnull', True), models.Q(('accuracy__gt', 0), ('accuracy__lt', 1)), _connector='OR'), name='accuracy_is_a_share'),
        ),
        migrations.AddConstraint(
            model_name='round',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['initial', 'relabel', 'imported', 'qualification', 'gold', 'repeat'])), name='round_kind_is_known'),
        ),
        migrations.AddConstraint(
            model_name='round',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['open', 'paused', 'closed'])), name='round_state_is_known'),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name='task',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('desk_reason__in', ['skipped', 'abandoned', 'disagreement']), ('state', 'needs_lead')), models.Q(models.Q(('state', 'needs_lead'), _negated=True), ('desk_reason', '')), _connector='OR'), name='what_waits_for_the_lead_says_why'),
        ),
        migrations.AddConstraint(
            model_name='task',
            constraint=models.CheckConstraint(condition=models.Q(('most_labels__isnull', True), models.Q(('most_labels__gte', 1), ('most_labels__lte', 100)), _connector='OR'), name='most_labels_are_1_to_100'),
        ),
        migrations.AddField(
            model_name='desknote',
            name='annotator',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='desk_notes', to='annotation.member'),
        ),
        migrations.AddField(
            model_name='desknote',
            name='closed_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='desknote',
            name='item',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='desk_notes', to='annotation.item'),
        ),
        migrations.AddField(
            model_name='desknote',
            name='lease',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotation.lease'),
        ),
        migrations.AddField(
            model_name='desknote',
            name='project',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotation.project'),
        ),
        migrations.AddField(
            model_name='desknote',
            name='task',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotation.task'),
        ),
        migrations.AddField(
            model_name='lanecount',
            name='annotator',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='annotation.member'),
        ),
        migrations.AddField(
            model_name='lanecount',
            name='project',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='annotation.project'),
        ),
        migrations.AddField(
            model_name='pairmeeting',
            name='first',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='annotation.member'),
        ),
        migrations.AddField(
            model_name='pairmeeting',
            name='project',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='annotation.project'),
        ),
        migrations.AddField(
            model_name='pairmeeting',
            name='second',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='annotation.member'),
        ),
        migrations.AddField(
            model_name='prediction',
            name='batch',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotation.importbatch'),
        ),
        migrations.AddField(
            model_name='prediction',
            name='item',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='predictions', to='annotation.item'),
        ),
        migrations.AddField(
            model_name='prediction',
            name='model',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='predictions', to='annotation.member'),
        ),
        migrations.AddField(
            model_name='prediction',
            name='project',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotation.project'),
        ),
        migrations.AddField(
            model_name='lease',
            name='prelabel',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotation.prediction'),
        ),
        migrations.AddIndex(
            model_name='lease',
            index=models.Index(fields=['project', '-granted_at'], name='leases_by_time'),
        ),
        migrations.AddConstraint(
            model_name='lease',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('prelabel__isnull', True), ('prelabel_shown__isnull', True)), models.Q(('prelabel__isnull', False), ('prelabel_shown__isnull', False)), _connector='OR'), name='a_prelabel_was_shown_or_held_back'),
        ),
        migrations.AddConstraint(
            model_name='qualification',
            constraint=models.CheckConstraint(condition=models.Q(('threshold__gt', 0), ('threshold__lte', 1)), name='threshold_is_a_share'),
        ),
        migrations.AddConstraint(
            model_name='qualification',
            constraint=models.CheckConstraint(condition=models.Q(('attempts__gte', 1), ('attempts__lte', 10)), name='attempts_are_1_to_10'),
        ),
        migrations.AddField(
            model_name='qualificationattempt',
            name='annotator',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='attempts', to='annotation.member'),
        ),
        migrations.AddField(
            model_name='qualificationattempt',
            name='round',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotation.round'),
        ),
        migrations.AddField(
            model_name='qualificationitem',
            name='item',
            field=models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotation.item'),
        ),
        migrations.AddField(
            model_name='qualificationitem',
            name='project',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='annotation.project'),
        ),
        migrations.AddConstraint(
            model_name='queuememory',
            constraint=models.CheckConstraint(condition=models.Q(('served__gte', django.db.models.expressions.CombinedExpression(models.F('gold'), '+', models.F('repeats')))), name='gold_and_repeats_are_among_the_served'),
        ),
        migrations.AddConstraint(
            model_name='queuememory',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('empty_openings__isnull', True), ('empty_ticks__isnull', True)), models.Q(('empty_openings__isnull', False), ('empty_ticks__isnull', False)), _connector='OR'), name='nothing_is_remembered_whole_or_not'),
        ),
        migrations.AddField(
            model_name='queueposition',
            name='annotator',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='annotation.member'),
        ),
        migrations.AddField(
            model_name='routing',
            name='prelabel_model',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='annotation.member'),
        ),
        migrations.AddField(
            model_name='slicecontract',
            name='project',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='contracts', to='annotation.project'),
        ),
        migrations.AddIndex(
            model_name='desknote',
            index=models.Index(condition=models.Q(('closed_at__isnull', True)), fields=['project', 'id'], name='open_notes_by_project'),
        ),
        migrations.AddConstraint(
            model_name='desknote',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['flag', 'park'])), name='desk_note_kind_is_known'),
        ),
        migrations.AddConstraint(
            model_name='desknote',
            constraint=models.UniqueConstraint(condition=models.Q(('closed_at__isnull', True), ('kind', 'park')), fields=('task', 'annotator'), name='one_open_park_per_annotator_and_task'),
        ),
        migrations.AddConstraint(
            model_name='desknote',
            constraint=models.UniqueConstraint(fields=('lease', 'kind'), name='one_note_of_a_kind_per_lease'),
        ),
        migrations.AddConstraint(
            model_name='desknote',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closed_at__isnull', True), ('closed_by__isnull', True)), ('closed_at__isnull', False), _connector='OR'), name='who_closes_a_note_closes_it'),
        ),
        migrations.AddIndex(
            model_name='lanecount',
            index=models.Index(fields=['project', 'lane'], name='lane_counts_by_project'),
        ),
        migrations.AddConstraint(
            model_name='lanecount',
            constraint=models.UniqueConstraint(fields=('annotator', 'lane'), name='one_count_per_lane_and_annotator'),
        ),
        migrations.AddConstraint(
            model_name='lanecount',
            constraint=models.CheckConstraint(condition=models.Q(('taken__gte', 0)), name='a_lane_count_is_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='pairmeeting',
            constraint=models.UniqueConstraint(fields=('project', 'first', 'second'), name='one_meeting_count_per_pair'),
        ),
        migrations.AddConstraint(
            model_name='pairmeeting',
            constraint=models.CheckConstraint(condition=models.Q(('first__lt', models.F('second'))), name='a_pair_is_named_once'),
        ),
        migrations.AddConstraint(
            model_name='pairmeeting',
            constraint=models.CheckConstraint(condition=models.Q(('shared__gte', 0)), name='shared_tasks_are_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='prediction',
            constraint=models.UniqueConstraint(fields=('item', 'model', 'model_version'), name='one_prediction_per_item_model_and_version'),
        ),
        migrations.AddConstraint(
            model_name='prediction',
            constraint=models.CheckConstraint(condition=models.Q(('model_kind', 'model')), name='only_models_predict'),
        ),
        migrations.AddConstraint(
            model_name='prediction',
            constraint=models.CheckConstraint(condition=models.Q(('score__isnull', True), models.Q(('score__gte', 0), ('score__lte', 1)), _connector='OR'), name='score_is_from_0_to_1'),
        ),
        migrations.AddConstraint(
            model_name='qualificationattempt',
            constraint=models.UniqueConstraint(fields=('annotator', 'major', 'number'), name='one_attempt_per_number'),
        ),
        migrations.AddConstraint(
            model_name='qualificationattempt',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'running')), fields=('annotator',), name='one_running_attempt_per_annotator'),
        ),
        migrations.AddConstraint(
            model_name='qualificationattempt',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at__isnull', True), ('n_items__isnull', True), ('n_right__isnull', True), ('state', 'running')), models.Q(('ended_at__isnull', False), ('n_items__gte', 1), ('n_right__isnull', False), ('n_right__lte', models.F('n_items')), ('state__in', ['passed', 'failed'])), _connector='OR'), name='an_ended_attempt_has_a_score'),
        ),
        migrations.AddConstraint(
            model_name='queueposition',
            constraint=models.UniqueConstraint(fields=('annotator', 'lane'), name='one_position_per_lane_and_annotator'),
        ),
        migrations.AddConstraint(
            model_name='routing',
            constraint=models.CheckConstraint(condition=models.Q(('gold_mode__in', ['silent', 'teaching'])), name='gold_mode_is_known'),
        ),
        migrations.AddConstraint(
            model_name='routing',
            constraint=models.CheckConstraint(condition=models.Q(('repeat_rate__gte', 0), ('repeat_rate__lte', 0.5)), name='repeat_rate_is_sane'),
        ),
        migrations.AddConstraint(
            model_name='routing',
            constraint=models.CheckConstraint(condition=models.Q(('gold_floor__isnull', True), models.Q(('gold_floor__gt', 0), ('gold_floor__lt', 1)), _connector='OR'), name='gold_floor_is_between_0_and_1'),
        ),
        migrations.AddConstraint(
            model_name='routing',
            constraint=models.CheckConstraint(condition=models.Q(('gold_floor_least__gte', 5)), name='nobody_is_judged_by_less_than_5'),
        ),
        migrations.AddConstraint(
            model_name='routing',
            constraint=models.CheckConstraint(condition=models.Q(('max_per_day__isnull', True), ('max_per_day__gte', 1), _connector='OR'), name='a_day_has_room_for_one'),
        ),
        migrations.AddConstraint(
            model_name='routing',
            constraint=models.CheckConstraint(condition=models.Q(('max_share__isnull', True), models.Q(('max_share__gt', 0), ('max_share__lte', 1)), _connector='OR'), name='max_share_is_a_share'),
        ),
        migrations.AddConstraint(
            model_name='routing',
            constraint=models.CheckConstraint(condition=models.Q(('prelabel_share__gte', 0), ('prelabel_share__lte', 1)), name='prelabel_share_is_a_share'),
        ),
        migrations.AddConstraint(
            model_name='slicecontract',
            constraint=models.UniqueConstraint(fields=('project', 'number'), name='one_contract_per_number'),
        ),
        migrations.AddConstraint(
            model_name='slicecontract',
            constraint=models.UniqueConstraint(condition=models.Q(('is_active', True)), fields=('project', 'slice'), name='one_contract_per_slice'),
        ),
        migrations.AddConstraint(
            model_name='slicecontract',
            constraint=models.CheckConstraint(condition=models.Q(('number__gte', 1)), name='lanes_of_contracts_begin_at_1'),
        ),
        migrations.AddConstraint(
            model_name='slicecontract',
            constraint=models.CheckConstraint(condition=models.Q(('target_labels__isnull', True), ('target_labels__gte', 1), _connector='OR'), name='a_target_is_at_least_1'),
        ),
        migrations.AddConstraint(
            model_name='slicecontract',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('overlap_share__isnull', True), ('shared_labels__isnull', True)), models.Q(('overlap_share__gte', 0), ('overlap_share__lte', 1), ('shared_labels__gte', 2), ('shared_labels__lte', 50)), _connector='OR'), name='overlap_of_a_contract_is_whole'),
        ),
        migrations.AddConstraint(
            model_name='slicecontract',
            constraint=models.CheckConstraint(condition=models.Q(('widest_interval__isnull', True), models.Q(('widest_interval__gt', 0), ('widest_interval__lte', 2)), _connector='OR'), name='widest_interval_is_a_width'),
        ),
        migrations.AddConstraint(
            model_name='slicecontract',
            constraint=models.CheckConstraint(condition=models.Q(('lowest_alpha__isnull', True), models.Q(('lowest_alpha__gte', -1), ('lowest_alpha__lte', 1)), _connector='OR'), name='lowest_alpha_is_an_alpha'),
        ),
        migrations.AddConstraint(
            model_name='slicecontract',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('cohort_key', ''), ('least_cohorts', 0)), models.Q(models.Q(('cohort_key', ''), _negated=True), ('least_cohorts__gte', 2)), _connector='OR'), name='a_cohort_mix_names_its_key'),
        ),
        migrations.AddConstraint(
            model_name='slicecontract',
            constraint=models.CheckConstraint(condition=models.Q(('need__gte', 0), ('need__lte', 1)), name='need_is_from_0_to_1'),
        ),
    ]
