"""keyboard.js in a real browser, on pages of a few lines."""

from pathlib import Path

import pytest
from playwright.sync_api import Page

pytestmark = pytest.mark.browser

SCRIPT = Path("frontend/static/js/keyboard.js").read_text()
HELP = """<dialog id="keys-help" data-no-keys-message="none" data-next="next" data-previous="previous" data-this="this">
<button id="close">x</button><dl data-keys-list></dl><input type="checkbox" data-keys-switch checked></dialog>"""
RECORD = """window.pressed = []; window.errors = []; console.error = (...words) => errors.push(words[0]);
document.addEventListener("click", (event) => pressed.push(event.target.id));
document.addEventListener("submit", (event) => { event.preventDefault(); pressed.push("form:" + event.target.id); });"""


def load(tab: Page, body: str) -> None:
    tab.set_content(f"<!doctype html><html><body>{body}{HELP}</body></html>")
    tab.evaluate(RECORD)
    tab.add_script_tag(content=SCRIPT, type="module")
    tab.wait_for_timeout(50)


def pressed(tab: Page) -> list[str]:
    result: list[str] = tab.evaluate("window.pressed")
    return result


def test_key_presses_its_button_in_either_case(tab: Page) -> None:
    load(tab, '<button id="undo" data-key="u">Undo</button>')

    tab.keyboard.press("u")
    tab.keyboard.press("Shift+U")

    assert pressed(tab) == ["undo", "undo"]


def test_key_chooses_a_radio_and_leaves_the_focus_on_it(tab: Page) -> None:
    load(tab, '<input type="radio" name="q" id="one" data-key="1"><input type="radio" name="q" id="two" data-key="2">')

    tab.keyboard.press("2")

    assert tab.evaluate("document.querySelector(':checked').id") == "two"
    assert tab.evaluate("document.activeElement.id") == "two"


def test_key_of_a_text_field_puts_the_cursor_there_and_does_not_type_itself(tab: Page) -> None:
    load(tab, '<textarea id="comment" data-key="c"></textarea>')

    tab.keyboard.press("c")
    tab.keyboard.type("abc")

    assert tab.input_value("#comment") == "abc"


def test_single_keys_are_text_while_typing_but_chords_act(tab: Page) -> None:
    load(
        tab,
        '<textarea id="t"></textarea><button id="undo" data-key="u">U</button>'
        '<button id="go" data-key="ctrl+enter">Go</button>',
    )
    tab.focus("#t")

    tab.keyboard.press("u")
    tab.keyboard.press("Control+Enter")

    assert pressed(tab) == ["go"]
    assert tab.input_value("#t") == "u"


def test_escape_leaves_a_text_field_so_that_keys_act_again(tab: Page) -> None:
    load(tab, '<textarea id="t"></textarea><button id="undo" data-key="u">U</button>')
    tab.focus("#t")

    tab.keyboard.press("Escape")
    tab.keyboard.press("u")

    assert pressed(tab) == ["undo"]


def test_enter_on_a_focused_button_presses_that_button_only(tab: Page) -> None:
    load(tab, '<button id="submit" data-key="enter">Submit</button><button id="skip">Skip</button>')
    tab.focus("#skip")

    tab.keyboard.press("Enter")

    assert pressed(tab) == ["skip"]


def test_enter_with_the_focus_on_a_radio_submits_once(tab: Page) -> None:
    load(tab, '<form id="f"><input type="radio" name="q" id="r"><button id="go" data-key="enter">Go</button></form>')
    tab.focus("#r")

    tab.keyboard.press("Enter")

    assert pressed(tab) == ["go", "form:f"]


def test_held_key_acts_once(tab: Page) -> None:
    load(tab, '<button id="go" data-key="g">Go</button>')

    tab.keyboard.down("g")
    tab.keyboard.down("g")
    tab.keyboard.down("g")

    assert pressed(tab) == ["go"]


@pytest.mark.parametrize("attributes", ["disabled", "hidden", 'aria-disabled="true"'])
def test_what_cannot_be_used_has_no_key(tab: Page, attributes: str) -> None:
    load(tab, f'<button id="go" data-key="g" {attributes}>Go</button>')

    tab.keyboard.press("g")

    assert pressed(tab) == []


def test_clash_is_loud_and_the_first_element_wins(tab: Page) -> None:
    load(tab, '<button id="first" data-key="g">A</button><button id="second" data-key="g">B</button>')

    tab.keyboard.press("g")

    assert tab.evaluate("document.documentElement.dataset.keyClash") == "g"
    assert tab.evaluate("window.errors") == ["Keys wanted by more than one element: g"]
    assert pressed(tab) == ["first"]


def test_who_yields_has_the_first_key_that_nobody_else_wants_and_says_which(tab: Page) -> None:
    mine = '<button id="mine" data-key="q ," data-key-yields>A <kbd>Q</kbd></button>'
    load(tab, mine + '<button id="option" data-key="q">B</button>')

    tab.keyboard.press("q")
    tab.keyboard.press(",")

    assert tab.evaluate("document.documentElement.dataset.keyClash") is None
    assert tab.locator("#mine kbd").inner_text() == ","
    assert pressed(tab) == ["option", "mine"]


def test_who_yields_keeps_its_first_key_where_it_is_free_and_only_that(tab: Page) -> None:
    load(tab, '<button id="mine" data-key="q ," data-key-yields>A</button>')

    tab.keyboard.press("q")
    tab.keyboard.press(",")

    assert pressed(tab) == ["mine"]


def test_one_key_on_a_hidden_and_a_shown_element_is_no_clash(tab: Page) -> None:
    load(tab, '<button id="first" data-key="g" hidden>A</button><button id="second" data-key="g">B</button>')

    tab.keyboard.press("g")

    assert tab.evaluate("document.documentElement.dataset.keyClash ?? null") is None
    assert pressed(tab) == ["second"]


def test_j_in_a_list_and_as_a_key_is_a_clash(tab: Page) -> None:
    load(tab, '<ul data-key-list><li data-key-item>a</li></ul><button data-key="j">J</button>')

    assert tab.evaluate("document.documentElement.dataset.keyClash") == "j"


def test_content_that_htmx_swapped_in_has_its_keys_at_once(tab: Page) -> None:
    load(tab, '<div id="task"><button id="old" data-key="g">Old</button></div>')
    tab.evaluate("task.innerHTML = '<button id=new data-key=g>New</button><button id=other data-key=g>Other</button>'")
    tab.evaluate("task.dispatchEvent(new CustomEvent('htmx:afterSettle', { bubbles: true }))")

    tab.keyboard.press("g")

    assert pressed(tab) == ["new"]
    assert tab.evaluate("document.documentElement.dataset.keyClash") == "g"


def test_j_and_k_walk_a_list_and_stop_at_its_ends(tab: Page) -> None:
    load(tab, '<ul data-key-list><li id="a" data-key-item>a</li><li id="b" data-key-item><a href="#">b</a></li></ul>')
    walked = []

    for key in "jjjkk":
        tab.keyboard.press(key)
        walked.append(tab.evaluate("document.activeElement.id"))

    assert walked == ["a", "b", "b", "a", "a"]


def test_question_mark_lists_the_keys_that_act_now(tab: Page) -> None:
    load(
        tab,
        '<button data-key="u" data-key-label="Undo">x</button><button data-key="ctrl+enter"> Save \n it </button>'
        '<button data-key="h" hidden>Hidden</button>',
    )

    tab.keyboard.press("?")

    assert tab.evaluate("document.querySelector('#keys-help').matches(':modal')")
    assert tab.inner_text("[data-keys-list]").split("\n") == ["U", "Undo", "Ctrl+Enter", "Save it", "?", "this"]


def test_keys_of_the_page_rest_while_a_dialog_is_open(tab: Page) -> None:
    load(
        tab,
        '<button id="page" data-key="g">Page</button>'
        '<dialog id="d"><button id="inside" data-key="y">Yes</button></dialog>',
    )
    tab.evaluate("d.showModal()")

    tab.keyboard.press("g")
    tab.keyboard.press("y")

    assert pressed(tab) == ["inside"]


def test_single_keys_can_be_switched_off_and_chords_stay(tab: Page) -> None:
    load(tab, '<button id="undo" data-key="u">U</button><button id="go" data-key="ctrl+enter">Go</button>')
    tab.evaluate("document.documentElement.dataset.keys = 'off'")

    tab.keyboard.press("u")
    tab.keyboard.press("Control+Enter")

    assert pressed(tab) == ["go"]


def test_digit_counts_where_the_layout_has_another_character_on_its_key(tab: Page) -> None:
    load(tab, '<button id="one" data-key="1">1</button>')

    tab.evaluate("document.dispatchEvent(new KeyboardEvent('keydown', { key: '&', code: 'Digit1', bubbles: true }))")

    assert pressed(tab) == ["one"]
