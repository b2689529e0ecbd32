from django.db import migrations

# A key over (project, member, kind) instead of (project, member): the copy of the kind in a seat or a prediction is
# then the member's own, by the database. And nothing new can belong to two projects.
FORWARD = """
ALTER TABLE annotation_assignment
    DROP CONSTRAINT seat_held_in_its_project,
    ADD CONSTRAINT seat_held_in_its_project FOREIGN KEY (project_id, annotator_id, annotator_kind)
        REFERENCES annotation_member (project_id, id, kind) DEFERRABLE INITIALLY DEFERRED,
    ADD CONSTRAINT seat_reserved_in_its_project FOREIGN KEY (project_id, reserved_for_id)
        REFERENCES annotation_member (project_id, id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE annotation_prediction
    ADD CONSTRAINT prediction_by_a_model_of_its_project FOREIGN KEY (project_id, model_id, model_kind)
        REFERENCES annotation_member (project_id, id, kind) DEFERRABLE INITIALLY DEFERRED,
    ADD CONSTRAINT prediction_in_its_items_project FOREIGN KEY (project_id, item_id)
        REFERENCES annotation_item (project_id, id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE annotation_lease
    ADD CONSTRAINT lease_shows_a_prediction FOREIGN KEY (prelabel_id)
        REFERENCES annotation_prediction (id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE annotation_qualificationitem
    ADD CONSTRAINT qualification_item_in_its_project FOREIGN KEY (project_id, item_id)
        REFERENCES annotation_item (project_id, id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE annotation_queueposition
    ADD CONSTRAINT position_of_a_member FOREIGN KEY (annotator_id)
        REFERENCES annotation_member (id) ON DELETE CASCADE;
ALTER TABLE annotation_lanecount
    ADD CONSTRAINT count_of_a_member FOREIGN KEY (project_id, annotator_id)
        REFERENCES annotation_member (project_id, id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE annotation_pairmeeting
    ADD CONSTRAINT first_of_a_pair_in_its_project FOREIGN KEY (project_id, first_id)
        REFERENCES annotation_member (project_id, id) DEFERRABLE INITIALLY DEFERRED,
    ADD CONSTRAINT second_of_a_pair_in_its_project FOREIGN KEY (project_id, second_id)
        REFERENCES annotation_member (project_id, id) DEFERRABLE INITIALLY DEFERRED;
INSERT INTO annotation_lanecount (project_id, annotator_id, lane, taken)
    SELECT seat.project_id, seat.annotator_id, 0, count(*)
    FROM annotation_assignment seat JOIN annotation_task task ON task.id = seat.task_id
    WHERE seat.state IN ('leased', 'submitted') AND task.state <> 'superseded' GROUP BY 1, 2;
"""
BACKWARD = """
ALTER TABLE annotation_pairmeeting
    DROP CONSTRAINT second_of_a_pair_in_its_project, DROP CONSTRAINT first_of_a_pair_in_its_project;
ALTER TABLE annotation_lanecount DROP CONSTRAINT count_of_a_member;
ALTER TABLE annotation_queueposition DROP CONSTRAINT position_of_a_member;
ALTER TABLE annotation_qualificationitem DROP CONSTRAINT qualification_item_in_its_project;
ALTER TABLE annotation_lease DROP CONSTRAINT lease_shows_a_prediction;
ALTER TABLE annotation_prediction
    DROP CONSTRAINT prediction_in_its_items_project, DROP CONSTRAINT prediction_by_a_model_of_its_project;
ALTER TABLE annotation_assignment
    DROP CONSTRAINT seat_reserved_in_its_project, DROP CONSTRAINT seat_held_in_its_project,
    ADD CONSTRAINT seat_held_in_its_project FOREIGN KEY (project_id, annotator_id)
        REFERENCES annotation_member (project_id, id) DEFERRABLE INITIALLY DEFERRED;
"""


class Migration(migrations.Migration):
    dependencies = [("annotation", "0009_routing_and_control")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
