"""What leads read of gold, repeats, pre-labels and pauses, in a real browser: accessible in both themes, and narrow."""

from collections.abc import Callable

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import User
from annotation.models import Item, Member, Prediction, Routing
from quality.services.gold_floor import pause_below_floor
from tests.browser_support import assert_accessible, screenshot
from tests.factories.annotation import make_member, make_project
from tests.factories.control import answer_in_seat
from tests.factories.guidelines import make_guideline
from tests.factories.quality import make_gold, make_items

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
OpenPage = Callable[..., Page]
LOOKS = {
    "light": {"color_scheme": "light"}, "dark": {"color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}},
}  # fmt: skip


@pytest.fixture
def measured(transactional_db: None, lea: User, max_: User, ana: User, ben: User) -> Member:
    """ana has answered gold, met items again and seen pre-labels; a rule has paused her. ben labeled the same items."""
    project = make_project(lea, make_guideline(lea))
    make_member(project, max_, "engineer")
    member, other = make_member(project, ana), make_member(project, ben)
    make_items(project, [f"i{number:02d}" for number in range(40)])
    model = Member.objects.create(project=project, name="intent-model", kind="model")
    for number in range(40):
        name = f"i{number:02d}"
        prediction = Prediction.objects.create(
            project=project, item=Item.objects.get(external_id=name), model=model, model_version="1",
            answer={"intent": "refund"}, created_at=timezone.now(),
        )  # fmt: skip
        said = {"intent": "refund" if number < 22 else "billing", "urgency": 1 + number % 5}
        answer_in_seat(project, name, member, said, prelabel=prediction, prelabel_shown=number % 2 == 0)
        answer_in_seat(project, name, other, said | {"intent": "refund"}, prelabel=prediction,
                       prelabel_shown=number % 2 == 1)  # fmt: skip
    make_items(project, [f"g{number:02d}" for number in range(30)])
    for number in range(30):
        make_gold(project, f"g{number:02d}", {"intent": "refund", "urgency": 3}, lea)
        answer_in_seat(project, f"g{number:02d}", member,
                       {"intent": "refund" if number % 2 else "other", "urgency": 3}, kind="gold")  # fmt: skip
        answer_in_seat(project, f"i{number:02d}", member, {"intent": "refund", "urgency": 3}, kind="repeat")
    Routing.objects.filter(project=project).update(gold_floor=0.85)
    pause_below_floor()
    return member


@pytest.mark.parametrize("look", LOOKS)
def test_gold_repeats_and_prelabels_are_read_by_leads(
    open_page: OpenPage, measured: Member, lea: User, look: str
) -> None:
    page = open_page(lea, **LOOKS[look])
    slug = measured.project.slug
    for at, address, words in (
        ("profile", reverse("profile", args=[slug, measured.pk]), "15 of 30 known answers are right"),
        ("person", reverse("person", args=[slug, measured.pk]), "this project asks for 85%"),
        ("agreement", reverse("agreement", args=[slug]), "What pre-labels do"),
        ("item", reverse("item", args=[slug, "i01"]), "Answers that measure the person"),
        ("predictions", reverse("import", args=[slug]) + "?kind=predictions", "What models say. They count as nobody"),
    ):
        page.goto(address)
        expect(page.locator("main")).to_contain_text(words)
        assert_accessible(page)
        screenshot(page, f"control-{at}-{look}")
