"""About two hundred short support messages in three languages, put together from phrases, the same every time."""

import random
from dataclasses import dataclass

LANGUAGES = ("en", "de", "es")

THINGS = {
    "en": ["headphones", "kettle", "desk lamp", "running shoes", "backpack", "keyboard", "rain jacket", "blender"],
    "de": ["Kopfhörer", "Wasserkocher", "Schreibtischlampe", "Laufschuhe", "Rucksack", "Tastatur", "Regenjacke"],
    "es": ["auriculares", "hervidor", "lámpara", "zapatillas", "mochila", "teclado", "chubasquero", "batidora"],
}
OPENINGS = {
    "en": ["", "", "Hi there,", "Hello,", "Good morning."],
    "de": ["", "", "Guten Tag,", "Hallo,", "Liebes Team,"],
    "es": ["", "", "Hola,", "Buenos días.", "Buenas tardes,"],
}
ENDINGS = {
    "en": ["", "", "Thanks.", "Please answer soon.", "Order {order}."],
    "de": ["", "", "Danke.", "Bitte um Antwort.", "Bestellung {order}."],
    "es": ["", "", "Gracias.", "Espero su respuesta.", "Pedido {order}."],
}

# intent -> language -> (phrase, urgency)
PHRASES: dict[str, dict[str, list[tuple[str, int]]]] = {
    "refund": {
        "en": [
            ("The {thing} is not what I expected. I sent it back on {day} and would like my {amount} back.", 2),
            ("I returned the {thing} three weeks ago and there is still no refund.", 3),
            ("Please cancel my order for the {thing} and return the money to my card.", 4),
            ("The {thing} stopped working after two days, I want my money back.", 3),
            ("I do not need the {thing} any more. How do I get a refund?", 1),
        ],
        "de": [
            ("Die Ware ({thing}) gefällt mir nicht, ich habe sie am {day} zurückgeschickt und möchte mein Geld.", 2),
            ("Vor drei Wochen retourniert ({thing}), die Erstattung fehlt immer noch.", 3),
            ("Bitte stornieren Sie den Artikel {thing} und erstatten Sie {amount}.", 4),
            ("{thing}: nach zwei Tagen kaputt, ich will mein Geld wieder.", 3),
        ],
        "es": [
            ("El producto ({thing}) no me gusta, lo devolví el {day} y quiero mi dinero.", 2),
            ("Devolví el artículo {thing} hace tres semanas y el reembolso no llega.", 3),
            ("Cancelen el pedido ({thing}) y devuélvanme {amount}.", 4),
            ("{thing}: se rompió a los dos días, quiero el reembolso.", 3),
        ],
    },
    "billing": {
        "en": [
            ("The invoice says {amount} but the {thing} was ten less on the site. Please correct the bill.", 2),
            ("There is a charge of {amount} on my statement that I do not recognise at all.", 5),
            ("You applied the wrong tax rate to my invoice for the {thing}.", 2),
            ("My voucher was not taken off the invoice for the {thing}.", 2),
            ("I was billed in the wrong currency for the {thing}.", 3),
        ],
        "de": [
            ("Auf der Rechnung stehen {amount}, im Shop war der Artikel ({thing}) günstiger. Bitte korrigieren.", 2),
            ("Ich sehe eine Abbuchung über {amount}, die ich nicht kenne.", 5),
            ("Der Steuersatz auf meiner Rechnung ({thing}) ist falsch.", 2),
            ("Mein Gutschein wurde auf der Rechnung ({thing}) nicht berücksichtigt.", 2),
        ],
        "es": [
            ("La factura dice {amount} y en la web el artículo ({thing}) costaba menos. Corríjanla.", 2),
            ("Veo un cargo de {amount} que no reconozco.", 5),
            ("El IVA de mi factura ({thing}) no es correcto.", 2),
            ("No descontaron mi cupón en la factura ({thing}).", 2),
        ],
    },
    "delivery": {
        "en": [
            ("Where is my parcel with the {thing}? Tracking has not moved since {day}.", 3),
            ("The {thing} should have arrived on {day}; I leave for a trip tomorrow.", 4),
            ("The box with the {thing} was crushed when the courier handed it over.", 3),
            ("Please send the {thing} to my new address, it has not left yet.", 4),
            ("The courier says the {thing} was delivered, but nobody was home and it is not here.", 4),
        ],
        "de": [
            ("Wo ist mein Paket ({thing})? Die Sendung steht seit {day} still.", 3),
            ("Die Lieferung ({thing}) sollte am {day} da sein, morgen verreise ich.", 4),
            ("Der Karton ({thing}) war bei der Übergabe völlig zerdrückt.", 3),
            ("Bitte liefern Sie an meine neue Adresse, {thing} ist noch nicht verschickt.", 4),
        ],
        "es": [
            ("¿Dónde está mi paquete ({thing})? No se mueve desde el {day}.", 3),
            ("El envío ({thing}) debía llegar el {day} y mañana salgo de viaje.", 4),
            ("La caja ({thing}) llegó aplastada.", 3),
            ("Manden el pedido ({thing}) a mi nueva dirección, aún no ha salido.", 4),
        ],
    },
    "account": {
        "en": [
            ("I cannot sign in, the password mail never arrives.", 3),
            ("My account is locked after three tries and I have to pay an order today.", 4),
            ("Somebody else is signed in to my account, please close it at once.", 5),
            ("How can I change the e-mail address of my account?", 1),
        ],
        "de": [
            ("Ich komme nicht in mein Konto, die Passwort-Mail kommt nie an.", 3),
            ("Mein Konto ist gesperrt und ich muss heute noch bestellen.", 4),
            ("Jemand anderes ist in meinem Konto angemeldet, bitte sofort sperren.", 5),
            ("Wie ändere ich die E-Mail-Adresse in meinem Konto?", 1),
        ],
        "es": [
            ("No puedo entrar en mi cuenta, el correo de la contraseña no llega.", 3),
            ("Mi cuenta está bloqueada y tengo que pagar hoy un pedido.", 4),
            ("Alguien ha entrado en mi cuenta, ciérrenla enseguida.", 5),
            ("¿Cómo cambio el correo de mi cuenta?", 1),
        ],
    },
    "other": {
        "en": [
            ("Is the {thing} dishwasher safe?", 1),
            ("Just wanted to say the {thing} is lovely.", 1),
            ("Do you plan to sell the {thing} in green?", 1),
        ],
        "de": [
            ("Ist der Artikel {thing} spülmaschinenfest?", 1),
            ("Ich wollte nur sagen: {thing}, ganz toll!", 1),
            ("Gibt es {thing} bald auch in Grün?", 1),
        ],
        "es": [
            ("¿El producto ({thing}) se puede lavar?", 1),
            ("Solo quería decir que me encanta ({thing}).", 1),
            ("¿Van a vender {thing} en verde?", 1),
        ],
    },
}

# The ambiguous ones: charged twice, and wants the second amount back. C3 fits both readings.
DOUBLE_CHARGE: dict[str, list[tuple[str, int]]] = {
    "en": [("You charged me twice for the {thing}. Please send the second {amount} back.", 4)],
    "de": [
        ("Der Betrag von {amount} wurde doppelt abgebucht ({thing}). Bitte überweisen Sie einen zurück.", 4),
        ("Für {thing} wurde mein Konto doppelt belastet, ich möchte die zweite Zahlung zurück.", 4),
        ("Doppelt bezahlt: {amount} für {thing}. Bitte eine Zahlung zurückbuchen.", 4),
        ("Sie haben {amount} doppelt eingezogen! Den zweiten Betrag hätte ich gern zurück ({thing}).", 4),
    ],
    "es": [("Me cobraron dos veces el pedido ({thing}). Devuélvanme los segundos {amount}.", 4)],
}
DOUBLES = {"en": 4, "de": 40, "es": 4}
PER_LANGUAGE = {"en": 74, "de": 82, "es": 48}
SHARES = {"refund": 0.22, "billing": 0.2, "delivery": 0.28, "account": 0.18, "other": 0.12}


@dataclass(frozen=True)
class Message:
    """`intent` is what the authors meant; of an ambiguous one nobody can say."""

    external_id: str
    language: str
    channel: str
    text: str
    intent: str
    urgency: int
    is_ambiguous: bool


def write_messages(seed: int = 7) -> list[Message]:
    """All messages in the order in which they came in."""
    rng = random.Random(seed)
    drafts = []
    for language in LANGUAGES:
        drafts += [(language, "", *_phrase(rng, DOUBLE_CHARGE[language])) for _ in range(DOUBLES[language])]
        intents = rng.choices(list(SHARES), list(SHARES.values()), k=PER_LANGUAGE[language] - DOUBLES[language])
        drafts += [(language, intent, *_phrase(rng, PHRASES[intent][language])) for intent in intents]
    rng.shuffle(drafts)
    return [
        Message(
            f"msg-{number:04d}", language, rng.choice(["e-mail", "chat", "form"]),
            _fill(rng, language, phrase), intent, urgency, is_ambiguous=not intent,
        )
        for number, (language, intent, phrase, urgency) in enumerate(drafts, start=1)
    ]  # fmt: skip


def _phrase(rng: random.Random, phrases: list[tuple[str, int]]) -> tuple[str, int]:
    return rng.choice(phrases)


def _fill(rng: random.Random, language: str, phrase: str) -> str:
    parts = [rng.choice(OPENINGS[language]), phrase, rng.choice(ENDINGS[language])]
    return " ".join(part for part in parts if part).format(
        thing=rng.choice(THINGS[language]),
        amount=f"{rng.randint(12, 240)},{rng.choice(['00', '90', '99'])} €",
        day=f"{rng.randint(1, 28)}.{rng.randint(9, 11)}.",
        order=rng.randint(40_000, 99_999),
    )
