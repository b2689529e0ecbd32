"""Every component with sample variables: escaped, named for a screen reader, and nothing that the CSP refuses."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import RequestFactory

from frontend.plots import IntervalRow, LinePoint, bar_plot, heat_table, interval_rows, line_plot, progress_bar
from frontend.templatetags import concord
from frontend.wording import figure

EVIL = '<b onclick="x()">\'&"'
ESCAPED = "&lt;b onclick=&quot;x()&quot;&gt;&#x27;&amp;&quot;"
COMPONENTS = Path("frontend/templates/components")
VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}


class SampleForm(forms.Form):
    name = forms.CharField(label=EVIL, help_text="Letters only.")
    note = forms.CharField(required=False, widget=forms.Textarea)
    mode = forms.ChoiceField(choices=[("a", EVIL), ("b", "B")], widget=forms.RadioSelect)
    silent = forms.BooleanField(required=False)
    token = forms.CharField(widget=forms.HiddenInput)


class HostileMessage:
    level_tag = "error"

    def __str__(self) -> str:
        return EVIL


def filled(data: dict[str, str]) -> SampleForm:
    form = SampleForm(data)
    form.is_valid()
    return form


ROWS = [
    IntervalRow(EVIL, 0.41, 0.28, 0.53, 60, href="/s?a=1&b=2", note=EVIL, tone="bad"),
    IntervalRow("fr", None, n=3, reason=EVIL),
]
POINTS = [LinePoint(EVIL, 0.5, 0.4, 0.6, 9, mark=EVIL), LinePoint("b", None, reason=EVIL), LinePoint("c", 0.7)]
COLUMNS = [{"label": EVIL}, {"label": "Items", "is_number": True}]

# component -> variables, each text in them hostile
SAMPLES: dict[str, dict[str, Any]] = {
    "badge": {"text": EVIL, "kind": "good", "icon": "good"},
    "bar_plot": {"plot": bar_plot([(EVIL, 3), (EVIL, 0)]), "title": EVIL, "name": EVIL, "measure": EVIL},
    "button": {"label": EVIL, "kind": "primary", "icon": "check", "key": "r", "name": EVIL, "value": EVIL},
    "callout": {"kind": "warn", "title": EVIL, "text": EVIL, "href": "/x", "action": EVIL},
    "confirm_dialog": {
        "id": "sure", "title": EVIL, "text": EVIL, "action": "/x", "button": EVIL, "hidden": [("a", EVIL)],
    },
    "copy_block": {"code": EVIL, "title": EVIL},
    "empty_state": {"icon": "items", "title": EVIL, "text": EVIL, "href": "/x", "action": EVIL},
    "field": {"field": filled({"name": ""})["name"], "label": EVIL},
    "field_notes": {"field": filled({"name": ""})["name"]},
    "figure": {"figure": figure(None, n=3, reason=EVIL)},
    "form_errors": {"form": filled({})},
    "form_fields": {"form": filled({"name": EVIL})},
    "heat_table": {
        "heat": heat_table([EVIL, "b"], [EVIL, "b"], [[9, 1], [0, 4]], hrefs=[["/a", "/b"], ["/c", "/d"]]),
        "title": EVIL,
        "note": EVIL,
    },
    "icon_sprite": {},
    "interval_rows": {
        "plot": interval_rows(ROWS, reference=0.67, reference_label=EVIL), "title": EVIL, "name": EVIL, "measure": EVIL,
    },
    "keys_help": {},
    "label": {"name": EVIL, "index": 14, "hotkey": "3"},
    "line_plot": {"plot": line_plot(POINTS, reference=0.67), "title": EVIL, "name": EVIL, "measure": EVIL},
    "logo": {},
    "messages": {"messages": [HostileMessage()]},
    "pagination": {"previous_url": "?a=1&b=2", "next_url": "?c", "text": EVIL},
    "payload": {
        "views": [
            {"kind": "chat", "title": EVIL, "turns": [{"speaker": EVIL, "text": EVIL, "is_reply": True}]},
            {"kind": "data", "text": EVIL},
            {"kind": "text", "text": EVIL},
        ]
    },
    "progress": {"progress": progress_bar(3, 9, 2), "title": EVIL, "note": EVIL},
    "rail": {"nav": [{"url": "/x", "label": EVIL, "icon": "items", "current": True, "count": 3, "group": EVIL}]},
    "sheet": {"id": "s", "title": EVIL},
    "skeleton": {"text": EVIL},
    "table": {"caption": EVIL, "columns": COLUMNS, "rows": [{"cells": [EVIL, "3"], "href": "/x"}]},
    "toast": {"kind": "bad", "text": EVIL},
    "topline": {
        "access": {"project": {"title": EVIL}},
        "switcher": [{"url": "/x", "name": EVIL, "current": True}],
        "user": {"is_authenticated": True},
    },
    "undefined": {"reason": EVIL},
    "wordmark": {},
}  # fmt: skip


def render(name: str, variables: dict[str, Any]) -> str:
    return render_to_string(f"components/{name}.html", variables)


class Outline(HTMLParser):
    """Elements with their attributes; complains about a tag that is closed but was not the one open."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.feed(html)
        self.close()
        self.wrong += self.open

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.open and self.open[-1] == tag:
            self.open.pop()
        else:
            self.wrong.append(f"/{tag}")


def test_every_component_has_a_sample() -> None:
    assert {path.stem for path in COMPONENTS.glob("*.html")} == set(SAMPLES)


def test_every_component_says_what_it_is_and_which_variables_it_takes() -> None:
    silent = [path.stem for path in COMPONENTS.glob("*.html") if not re.search(r"\{# \S", path.read_text())]

    assert silent == []


@pytest.mark.parametrize("name", SAMPLES)
def test_component_is_well_formed(name: str) -> None:
    assert Outline(render(name, SAMPLES[name])).wrong == []


@pytest.mark.parametrize("name", SAMPLES)
def test_component_has_no_inline_style_or_handler_even_with_hostile_text(name: str) -> None:
    outline = Outline(render(name, SAMPLES[name]))

    names = {attribute for _tag, attributes in outline.elements for attribute in attributes}
    assert not {a for a in names if a == "style" or a.startswith(("on", "hx-on"))}
    assert "b" not in {tag for tag, _attributes in outline.elements}
    assert not {"script", "style"} & {tag for tag, _attributes in outline.elements}


@pytest.mark.parametrize("name", [name for name, sample in SAMPLES.items() if EVIL in sample.values()])
def test_component_shows_the_text_escaped(name: str) -> None:
    assert ESCAPED in render(name, SAMPLES[name])


@pytest.mark.parametrize("name", SAMPLES)
def test_images_and_icon_buttons_of_a_component_have_a_name_or_are_hidden(name: str) -> None:
    html = render(name, SAMPLES[name])

    for tag, attributes in Outline(html).elements:
        if tag == "svg":
            parent_is_labelled = 'preserveAspectRatio="none"' in html and "preserveaspectratio" in attributes
            assert attributes.get("aria-hidden") == "true" or attributes.get("aria-label") or parent_is_labelled
    for opening, inside in re.findall(r"<(button\b[^>]*)>(.*?)</button>", html, re.DOTALL):
        assert "aria-label" in opening or re.sub(r"<[^>]*>", "", inside).strip()


@pytest.mark.parametrize("name", SAMPLES)
def test_icons_that_a_component_uses_exist(name: str) -> None:
    drawn = set(re.findall(r'id="(icon-[\w-]+)"', (COMPONENTS / "icon_sprite.html").read_text()))

    assert set(re.findall(r'href="#(icon-[\w-]+)"', render(name, SAMPLES[name]))) <= drawn


def test_field_ties_error_and_help_to_its_input() -> None:
    outline = Outline(render("field", {"field": filled({"name": ""})["name"]}))

    widget = next(attributes for tag, attributes in outline.elements if tag == "input")
    ids = {attributes["id"] for _tag, attributes in outline.elements if "id" in attributes}
    assert widget["aria-invalid"] == "true"
    assert widget["aria-describedby"] == "id_name-error id_name-help"
    assert set(str(widget["aria-describedby"]).split()) <= ids
    assert ("label", {"for": "id_name"}) in outline.elements


def test_field_without_error_is_not_invalid() -> None:
    outline = Outline(render("field", {"field": filled({"name": "ok"})["name"]}))

    widget = next(attributes for tag, attributes in outline.elements if tag == "input")
    assert "aria-invalid" not in widget
    assert widget["aria-describedby"] == "id_name-help"


def test_group_of_radios_is_a_fieldset_with_a_legend() -> None:
    tags = [tag for tag, _attributes in Outline(render("field", {"field": SampleForm()["mode"]})).elements]

    assert tags[:2] == ["fieldset", "legend"]


def test_optional_field_says_so_and_required_one_does_not() -> None:
    assert "(optional)" in render("field", {"field": SampleForm()["note"]})
    assert "(optional)" not in render("field", {"field": SampleForm()["name"]})


def test_hidden_field_has_no_label() -> None:
    assert "<label" not in render("field", {"field": SampleForm()["token"]})


def test_placeholder_that_repeats_the_label_is_dropped() -> None:
    form = SampleForm()
    form.fields["note"].widget.attrs["placeholder"] = "Note"
    form.fields["name"].widget.attrs["placeholder"] = "max 20 letters"

    assert "placeholder" not in concord.described_by(form["note"])
    assert 'placeholder="max 20 letters"' in concord.described_by(form["name"])


def test_figure_tag_gives_value_interval_and_n() -> None:
    html = Template("{% load concord %}{% figure 0.712 low=0.66 high=0.75 n=412 %}").render(Context())

    text = re.sub(r"<[^>]*>", " ", html).replace("\u00a0", " ")
    assert text.split() == ["0.71", "[0.66,", "0.75]", "n", "=", "412"]


def test_undefined_figure_can_be_focused_and_holds_its_reason() -> None:
    outline = Outline(Template('{% load concord %}{% figure None reason="one annotator" %}').render(Context()))
    html = Template('{% load concord %}{% figure None reason="one annotator" %}').render(Context())

    assert any(attributes.get("tabindex") == "0" for _tag, attributes in outline.elements)
    assert "one annotator" in html


def test_interval_rows_give_every_figure_as_text_too() -> None:
    html = render("interval_rows", SAMPLES["interval_rows"])

    assert "0.41" in html
    assert "[0.28,\u00a00.53]" in html
    assert html.count("<circle") == 1  # the undefined row has no dot


def test_line_plot_has_its_data_table_behind_a_disclosure() -> None:
    outline = Outline(render("line_plot", SAMPLES["line_plot"]))

    tags = [tag for tag, _attributes in outline.elements]
    assert tags.index("details") < tags.index("table")
    assert tags.count("tr") == 1 + len(POINTS)


def test_dangerous_confirmation_starts_on_cancel_and_posts_with_a_csrf_token() -> None:
    request = RequestFactory().get("/")
    html = render_to_string("components/confirm_dialog.html", SAMPLES["confirm_dialog"] | {"danger": True}, request)

    buttons = [attributes for tag, attributes in Outline(html).elements if tag == "button"]
    assert ["autofocus" in b for b in buttons] == [True, False]
    assert buttons[1]["class"] == "button button-danger"
    assert 'name="csrfmiddlewaretoken"' in html


def test_current_place_is_marked_for_the_eye_and_the_ear() -> None:
    links = [a for tag, a in Outline(render("rail", SAMPLES["rail"])).elements if tag == "a" and a["href"] == "/x"]

    assert links[0]["aria-current"] == "page"


def test_pagination_of_one_page_is_nothing() -> None:
    assert render("pagination", {"text": "1-3 of 3"}).strip() == ""


def test_label_colours_start_again_after_twelve() -> None:
    assert [concord.label_class(i) for i in (0, 11, 12)] == ["label-1", "label-12", "label-1"]


@pytest.mark.parametrize(
    ("cookies", "attributes"),
    [
        ({}, ""),
        ({"theme": "dark", "rail": "narrow"}, ' data-theme="dark" data-rail="narrow"'),
        ({"theme": '"><script>', "text": "huge", "keys": "off"}, ' data-keys="off"'),
    ],
)
def test_only_known_preferences_reach_the_page(cookies: dict[str, str], attributes: str) -> None:
    request = RequestFactory().get("/")
    request.COOKIES = cookies

    assert concord.preferences(Context({"request": request})) == attributes
