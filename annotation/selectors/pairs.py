"""Which annotators have labeled the same items, how many, and whether all of them can be compared with one another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import connection

from annotation.models import Member, Project


@dataclass(frozen=True)
class PairMatrix:
    """Active annotators by name; `shared[a][b]` tasks answered by both, on the diagonal those of one."""

    people: list[Member]
    shared: list[list[int]]

    @property
    def groups(self) -> list[list[str]]:
        """People who are joined by shared items, directly or through others; one group: everybody can be compared."""
        return connected([person.name for person in self.people], self.shared)

    def short_of(self, wanted: int) -> list[tuple[str, str, int]]:
        """Pairs that share fewer than wanted, those with the fewest first."""
        names = [person.name for person in self.people]
        pairs = [(names[a], names[b], self.shared[a][b]) for b in range(len(names)) for a in range(b)]
        return sorted((pair for pair in pairs if pair[2] < wanted), key=lambda pair: (pair[2], pair[0], pair[1]))


def pair_matrix(project: Project) -> PairMatrix:
    """Of the ordinary rounds, labels of the same task: so two answers to one item under one meaning. Two queries."""
    people = list(Member.objects.raw(_PEOPLE, {"project": project.pk}))
    with connection.cursor() as cursor:
        cursor.execute(_SHARED, {"project": project.pk, "people": [person.pk for person in people]})
        counts = {(first, second): shared for first, second, shared in cursor.fetchall()}
    return PairMatrix(people, _square([person.pk for person in people], counts))


def _square(ids: Sequence[int], counts: Mapping[tuple[int, int], int]) -> list[list[int]]:
    return [[counts.get((min(a, b), max(a, b)), 0) for b in ids] for a in ids]


def connected(names: Sequence[str], shared: Sequence[Sequence[int]]) -> list[list[str]]:
    """Groups of names that are joined by a number above 0, the largest first."""
    left, groups = set(range(len(names))), []
    while left:
        reached, group = {min(left)}, set()
        while reached:
            here = reached.pop()
            group.add(here)
            reached |= {there for there in left - group if shared[here][there] > 0}
        left -= group
        groups.append(sorted(names[n] for n in group))
    return sorted(groups, key=lambda group: (-len(group), group))


# Who gets work now: annotators, and others who have labeled. Who left or is paused need not meet anybody any more.
_PEOPLE = """
    SELECT member.* FROM annotation_member member
    WHERE member.project_id = %(project)s AND member.kind = 'human' AND member.is_active AND member.paused_at IS NULL
      AND (member.role = 'annotator'
           OR EXISTS (SELECT 1 FROM annotation_assignment seat WHERE seat.annotator_id = member.id
                      AND seat.state = 'submitted'))
    ORDER BY member.name
"""
_SHARED = """
    WITH given AS MATERIALIZED (
        SELECT seat.task_id, seat.annotator_id FROM annotation_assignment seat
        WHERE seat.round_id IN (SELECT id FROM annotation_round
                                WHERE project_id = %(project)s AND kind IN ('initial', 'relabel'))
          AND seat.state = 'submitted' AND seat.annotator_id = ANY(%(people)s)
    )
    SELECT mine.annotator_id, theirs.annotator_id, count(*) FROM given mine
    JOIN given theirs ON theirs.task_id = mine.task_id AND theirs.annotator_id >= mine.annotator_id
    GROUP BY 1, 2
"""
