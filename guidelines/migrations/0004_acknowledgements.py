import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


FORWARD = """
-- A request says the guideline of its version.
ALTER TABLE guidelines_acknowledgementrequest
    ADD CONSTRAINT request_in_its_versions_guideline FOREIGN KEY (guideline_id, version_id)
        REFERENCES guidelines_guidelineversion (guideline_id, id) DEFERRABLE INITIALLY DEFERRED;

CREATE TRIGGER requests_are_frozen BEFORE UPDATE OR DELETE ON guidelines_acknowledgementrequest
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER proof_items_are_frozen BEFORE UPDATE OR DELETE ON guidelines_proofitem
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER proof_answers_are_append_only BEFORE UPDATE OR DELETE ON guidelines_proofanswer
    FOR EACH ROW EXECUTE FUNCTION refuse_change();

-- A request has the items it was published with: as many as it says, numbered from 1, and never one more.
CREATE FUNCTION proof_item_was_announced() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.position > (SELECT n_items FROM guidelines_acknowledgementrequest WHERE version_id = NEW.request_id) THEN
        RAISE EXCEPTION 'a published version gets no more proof items' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER proof_items_were_announced BEFORE INSERT ON guidelines_proofitem
    FOR EACH ROW EXECUTE FUNCTION proof_item_was_announced();

-- An answer is to an item of the version that its person is proving, and comes before they have passed.
CREATE FUNCTION proof_answer_fits() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT 1 FROM guidelines_acknowledgement own JOIN guidelines_proofitem item ON item.request_id = own.request_id
        WHERE own.id = NEW.acknowledgement_id AND item.id = NEW.item_id
          AND own.read_at IS NOT NULL AND own.passed_at IS NULL
    ) THEN
        RAISE EXCEPTION 'a proof answer is to an open item of what was read' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER proof_answers_fit BEFORE INSERT ON guidelines_proofanswer
    FOR EACH ROW EXECUTE FUNCTION proof_answer_fits();

-- Passed is who answered every item right, and it stays so.
CREATE FUNCTION acknowledgement_is_proved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (TG_OP = 'UPDATE' AND OLD.passed_at IS NOT NULL) THEN
        RAISE EXCEPTION 'who has passed stays so' USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.passed_at IS NOT NULL
       AND (SELECT count(*) FROM guidelines_proofanswer WHERE acknowledgement_id = NEW.id AND is_right)
           < (SELECT n_items FROM guidelines_acknowledgementrequest WHERE version_id = NEW.request_id) THEN
        RAISE EXCEPTION 'passed is who answered every proof item right' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER acknowledgements_are_proved BEFORE INSERT OR UPDATE OR DELETE ON guidelines_acknowledgement
    FOR EACH ROW EXECUTE FUNCTION acknowledgement_is_proved();
"""
BACKWARD = """
DROP TRIGGER acknowledgements_are_proved ON guidelines_acknowledgement;
DROP FUNCTION acknowledgement_is_proved();
DROP TRIGGER proof_answers_fit ON guidelines_proofanswer;
DROP FUNCTION proof_answer_fits();
DROP TRIGGER proof_items_were_announced ON guidelines_proofitem;
DROP FUNCTION proof_item_was_announced();
DROP TRIGGER proof_answers_are_append_only ON guidelines_proofanswer;
DROP TRIGGER proof_items_are_frozen ON guidelines_proofitem;
DROP TRIGGER requests_are_frozen ON guidelines_acknowledgementrequest;
ALTER TABLE guidelines_acknowledgementrequest DROP CONSTRAINT request_in_its_versions_guideline;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("guidelines", "0003_clarifications"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AcknowledgementRequest",
            fields=[
                (
                    "version",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="acknowledgement_request",
                        serialize=False,
                        to="guidelines.guidelineversion",
                    ),
                ),
                ("note", models.TextField(blank=True)),
                ("n_items", models.PositiveSmallIntegerField()),
                ("asked_at", models.DateTimeField()),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "guideline",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="guidelines.guideline",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Acknowledgement",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("read_at", models.DateTimeField(null=True)),
                ("passed_at", models.DateTimeField(null=True)),
                (
                    "attempts",
                    models.PositiveIntegerField(default=0, help_text="answers given to proof items, right and wrong"),
                ),
                ("waived_at", models.DateTimeField(null=True)),
                ("waiver", models.TextField(blank=True, help_text="why they need not")),
                (
                    "since",
                    models.ForeignKey(
                        help_text="the version that the difference they read began at; null: they read the whole guideline",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="guidelines.guidelineversion",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="acknowledgements",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "waived_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="acknowledgements",
                        to="guidelines.acknowledgementrequest",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ProofItem",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("position", models.PositiveSmallIntegerField(help_text="1, 2, 3 ... as it is asked")),
                ("key", models.CharField(help_text="of the example it was made from", max_length=32)),
                ("clause", models.CharField(blank=True, max_length=32)),
                ("text", models.TextField(blank=True)),
                ("payload", models.JSONField(null=True)),
                (
                    "answer",
                    models.JSONField(help_text="the expected answer, by question key; these questions are asked"),
                ),
                ("rationale", models.TextField(blank=True)),
                (
                    "request",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="items",
                        to="guidelines.acknowledgementrequest",
                    ),
                ),
            ],
            options={
                "ordering": ["request_id", "position"],
            },
        ),
        migrations.CreateModel(
            name="ProofAnswer",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("answer", models.JSONField()),
                ("is_right", models.BooleanField()),
                ("given_at", models.DateTimeField()),
                (
                    "acknowledgement",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="answers",
                        to="guidelines.acknowledgement",
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="answers", to="guidelines.proofitem"
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.AddIndex(
            model_name="acknowledgementrequest",
            index=models.Index(fields=["guideline", "-version"], name="requests_by_guideline"),
        ),
        migrations.AddConstraint(
            model_name="acknowledgementrequest",
            constraint=models.CheckConstraint(condition=models.Q(("n_items__lte", 10)), name="at_most_ten_proof_items"),
        ),
        migrations.AddConstraint(
            model_name="acknowledgement",
            constraint=models.UniqueConstraint(
                fields=("request", "user"), name="one_acknowledgement_per_version_and_user"
            ),
        ),
        migrations.AddConstraint(
            model_name="acknowledgement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("passed_at__isnull", True),
                    models.Q(("passed_at__gte", models.F("read_at")), ("read_at__isnull", False)),
                    _connector="OR",
                ),
                name="read_before_passed",
            ),
        ),
        migrations.AddConstraint(
            model_name="acknowledgement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("waived_at__isnull", True), ("waived_by__isnull", True)),
                    models.Q(("waived_at__isnull", False), ("waived_by__isnull", False)),
                    _connector="OR",
                ),
                name="a_waiver_names_who_gave_it",
            ),
        ),
        migrations.AddConstraint(
            model_name="proofitem",
            constraint=models.UniqueConstraint(fields=("request", "position"), name="one_proof_item_per_position"),
        ),
        migrations.AddConstraint(
            model_name="proofitem",
            constraint=models.UniqueConstraint(fields=("request", "key"), name="one_proof_item_per_example"),
        ),
        migrations.AddConstraint(
            model_name="proofitem",
            constraint=models.CheckConstraint(
                condition=models.Q(("position__gte", 1), ("position__lte", 10)),
                name="proof_items_are_numbered_from_one",
            ),
        ),
        migrations.AddConstraint(
            model_name="proofitem",
            constraint=models.CheckConstraint(
                condition=models.Q(("payload__isnull", True), ("text", ""), _connector="XOR"),
                name="a_proof_item_has_a_text_or_a_payload",
            ),
        ),
        migrations.AddConstraint(
            model_name="proofitem",
            constraint=models.CheckConstraint(
                condition=models.Q(("answer", {}), _negated=True), name="a_proof_item_expects_an_answer"
            ),
        ),
        migrations.AddConstraint(
            model_name="proofanswer",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_right", True)),
                fields=("acknowledgement", "item"),
                name="a_proof_item_is_proved_once",
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
