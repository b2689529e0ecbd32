"""The demo's guideline. Clause C3 is ambiguous on purpose: it does not say which label a double charge gets when the
customer asks for the money back."""

from typing import Any


def _clause(key: str, title: str, body: str) -> dict[str, Any]:
    return {"key": key, "title": title, "body": body, "parent": None}


def _option(
    key: str, label: str, hotkey: str, definition: str, use_when: str, avoid_when: str, *clauses: str
) -> dict[str, Any]:
    return {
        "key": key, "label": label, "hotkey": hotkey, "definition": definition,
        "use_when": use_when, "avoid_when": avoid_when, "clauses": list(clauses),
    }  # fmt: skip


CLAUSES = [
    _clause(
        "C1", "One message, one intent",
        "Label what the customer **wants from us**, not what happened to them. A message may tell a long story; the "
        "intent is what we would have to do to make them happy.",
    ),
    _clause(
        "C2", "Delivery",
        "Everything about a parcel on its way: late, lost, damaged in transit, wrong address, where it is.\n\n"
        "A parcel that arrived and is then returned is no longer delivery.",
    ),
    _clause(
        "C3", "Refund request and billing error",
        "- **Refund request**: the customer wants money back.\n"
        "- **Billing error**: an amount on a bill or card statement is wrong.",
    ),
    _clause(
        "C4", "Account access",
        "Signing in, passwords, locked or taken-over accounts, changing an e-mail address.",
    ),
    _clause(
        "C5", "Other",
        "Praise, general questions about products, anything that fits no option. Use it rarely: if two options fit, "
        "choose the one that says what we have to **do**.",
    ),
    _clause(
        "C6", "Urgency",
        "How soon must somebody act?\n\n"
        "1. whenever there is time\n2. within a week\n3. within two days\n4. today\n5. now: money, safety or an account is at risk\n\n"
        "Judge the facts, not the tone: capital letters and exclamation marks are not urgency.",
    ),
]  # fmt: skip

QUESTIONS: list[dict[str, Any]] = [
    {
        "key": "intent", "type": "choice", "title": "What does the customer want?", "required": True,
        "options": [
            _option("refund", "Refund request", "1", "Wants money back.", "They ask for money to be returned.",
                    "They only ask for a bill to be corrected.", "C3"),
            _option("billing", "Billing error", "2", "An amount charged is wrong.", "A charge is wrong or unknown.",
                    "The amount is right and they changed their mind.", "C3"),
            _option("delivery", "Delivery", "3", "A parcel on its way.", "Late, lost, damaged or misdirected parcels.",
                    "The parcel arrived and goes back.", "C2"),
            _option("account", "Account access", "4", "Getting in, staying in.", "Sign-in, password, locked account.",
                    "They can sign in and ask about an order.", "C4"),
            _option("other", "Other", "5", "None of these.", "Nothing else says what we have to do.",
                    "Two options fit: choose the one that says what to do.", "C5"),
        ],
    },
    {
        "key": "urgency", "type": "rating", "title": "How urgent is it?", "required": True, "min": 1, "max": 5,
        "labels": {"1": "whenever", "5": "now"},
    },
]  # fmt: skip

EXAMPLES = [
    {"key": "E1", "kind": "positive", "clause": "C2", "text": "My parcel has been in Lyon for nine days.",
     "answer": {"intent": "delivery", "urgency": 2}, "rationale": "It is on its way and late."},
    {"key": "E2", "kind": "edge", "clause": "C4", "text": "Somebody changed my e-mail address and ordered a phone!",
     "answer": {"intent": "account", "urgency": 5}, "rationale": "A taken-over account comes before the order made with it."},
    {"key": "E3", "kind": "negative", "clause": "C5", "text": "Great shop, but my password mail never comes.",
     "answer": {"intent": "account", "urgency": 3}, "rationale": "Not Other: there is something to do."},
]  # fmt: skip

CONTENT: dict[str, Any] = {"clauses": CLAUSES, "questions": QUESTIONS, "examples": EXAMPLES}
