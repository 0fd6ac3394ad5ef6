"""forms.yaml, the forms of a site: what may stand in it, and reading it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from crmcli.dataclass import dataclass
from crmcli.language import LANGUAGES, tr, tr_in
from crmcli.model.fields import Field
from crmcli.model.form import DUPLICATES, REACHES, TYPES, Form, FormConsent, FormField, Forms, Site
from crmcli.model.listed import allowed_hint
from crmcli.model.schema import Schema
from crmcli.model.settings import Settings
from crmcli.model.values import CONSENT_CHANNELS
from crmcli.store.config import shapes
from crmcli.store.config.cursor import ID_HINT, ID_RULE, Cursor, read_marked, unique
from crmcli.store.layout import FORMS

ENTITY = "lead"
MOST_FORMS, MOST_FIELDS, MOST = 200, 40, 1_000_000
URL_RULE = r"(https?://|/)[^\s\"'<>]{1,2000}"
ORIGIN_RULE = r"https?://[A-Za-z0-9.-]+(:\d{1,5})?"
ADDRESS_RULE = ORIGIN_RULE + r"(/[A-Za-z0-9_.~/-]{0,200})?"
COLOR_RULE = r"#[0-9a-fA-F]{6}"
FONT_RULE = r"[\w ,'\"-]{1,200}"
_NOT_ASKED = ("owner", "stage", "repeat", "do_not", "unwanted", "external", "tags", "name_source")
"""Fields of a lead that no client fills in: they are the company's own."""
_BY_KIND = (
    ("phones", "tel"), ("emails", "email"), ("urls", "url"), ("note", "textarea"), ("bool", "checkbox"),
    ("date", "date"), ("birthday", "date"), ("number", "number"), ("money", "number"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ground:
    """What the forms are checked against: fields, directories and users, and the stages of leads."""

    schema: Schema
    settings: Settings
    stages: tuple[str, ...]


def load_forms(root: Path, ground: Ground, data: bytes | None = None) -> Forms:
    """The forms that forms.yaml declares, or would if it held `data`; InvalidData names every fault."""
    top = read_marked(root, FORMS, data)
    if top is None:
        return Forms()
    got = SHAPE.read(top, ground)
    found = {
        place.name: _form(place, got["forms"][place.name], ground)
        for place in top.at("forms").entries()
    }
    top.findings.settle()
    look = got["site"]
    return Forms(Site(**{k: v for k, v in look.items() if v not in ("", None, ())}), found)


def _form(place: Cursor, got: Mapping[str, Any], ground: Ground) -> Form:
    """One form, after a look at the fields that it names."""
    if not isinstance(place.value, dict):
        return Form(place.name, "", ())
    spoken = got["language"] or ground.settings.language
    fields = tuple(_field(at, one, ground, spoken) for at, one in zip(
        (at for at in place.at("fields").items() if at.is_present), got["fields"], strict=False
    ))  # fmt: skip
    unique(
        ((one.name, at) for one, at in zip(fields, place.at("fields").items(), strict=False)),
        "field",
    )
    if not any(one.field in REACHES for one in fields):
        place.at("fields").fault("nothing says how to reach who fills it in", "add phone or email")
    for at in place.at("hidden").entries():
        field = _lead_field(at, at.name, ground, is_hidden=True)
        _known(at, [*_options(field, ground)] if field else [])
    _known(place.at("owner"), [*ground.settings.users])
    _known(place.at("stage"), ground.stages)
    consent = got["consent"]
    if consent["required"] and not consent["text"]:
        place.at("consent").fault(tr("{!r} is missing", "text"), tr("write {}: …", "text"))
    plain = ("title", "text", "button", "hidden", "thanks", "redirect", "owner", "stage",
             "duplicates", "language", "origins")  # fmt: skip
    return Form(
        place.name,
        fields=fields,
        consent=FormConsent(**consent),
        line=place.line,
        **{key: got[key] for key in plain},
    )


def _known(place: Cursor, allowed: tuple[str, ...] | list[str]) -> None:
    word = place.text()
    if word and allowed and word not in allowed:
        place.fault(
            tr("{!r} is not allowed for {!r}", word, place.name), allowed_hint(word, allowed)
        )


def _field(place: Cursor, got: Mapping[str, Any], ground: Ground, spoken: str) -> FormField:
    name = got["name"]
    field = _lead_field(place.at("name"), name, ground) if name else None
    if field is None:
        return FormField(name, name, got["label"])
    options = _options(field, ground)
    usual = "select" if options else dict(_BY_KIND).get(field.kind.name, "text")
    label = got["label"] or _usual_label(field, spoken)
    return FormField(
        name, field.name, label, got["type"] or usual, got["required"], got["hint"], options
    )


def _usual_label(field: Field, language: str) -> str:
    """What stands above a field; of a list a client gives one."""
    one = {"phones": "Phone", "emails": "E-mail"}.get(field.name, field.label)
    return tr_in(one, language)


def _options(field: Field, ground: Ground) -> Mapping[str, str]:
    listed = ground.settings.directories.get(field.directory, {}) if field.directory else {}
    return {key: label or key for key, label in listed.items()} or {
        word: word for word in field.choices
    }


def _lead_field(
    place: Cursor, name: str, ground: Ground, *, is_hidden: bool = False
) -> Field | None:
    """The field of a lead that a word means, with a fault where clients may not fill it in."""
    field = ground.schema.named(ENTITY, name)
    kept = _NOT_ASKED[:2] if is_hidden else _NOT_ASKED
    asked = [f.name for f in ground.schema.fields(ENTITY) if _is_asked(f, kept)]
    if field is None or field.derived:
        place.fault(tr("a {} has no field {!r}", tr(ENTITY), name), allowed_hint(name, asked))
        return None
    if field.name not in asked:
        place.fault(tr("clients do not fill in {!r}", name), allowed_hint(name, asked))
        return None
    return field


def _is_asked(field: Field, kept: tuple[str, ...]) -> bool:
    is_own = field.system or field.derived or field.name in kept
    return not (is_own or field.kind.is_link or field.kind.is_map or field.kind.listed_in)


FIELD = shapes.keys(
    "A field that the client fills in.",
    {
        "name": shapes.needed(shapes.text("A field of leads, e.g. phone, email, name, comment.")),
        "label": shapes.text("What stands above it."),
        "type": shapes.word("How it is filled in, if not as the field is.", TYPES),
        "required": shapes.yes_no("Whether it must be filled in."),
        "hint": shapes.text("A short text below it."),
    },
)
CONSENT = shapes.keys(
    "What the client agrees to; the text, its version and the time are kept with the lead.",
    {
        "text": shapes.text("The text beside the box."),
        "link": shapes.matching("The page that says more.", URL_RULE, "an address", "like https://example.com/privacy"),
        "required": shapes.yes_no("Whether nothing is sent without it."),
        "channels": shapes.listed(
            "Channels on which it lets us write; none: it is about personal data alone.",
            shapes.word("", CONSENT_CHANNELS),
        ),
    },
)  # fmt: skip
ORIGINS = shapes.listed(
    "Sites that may show the form, e.g. https://example.com.",
    shapes.matching("", ORIGIN_RULE, "a site", "like https://example.com, without a path"),
)
FORM = shapes.keys(
    "A form: its page is /f/NAME.",
    {
        "title": shapes.needed(shapes.text("The heading.")),
        "text": shapes.text("A sentence below the heading."),
        "fields": shapes.needed(
            shapes.listed("What the client fills in.", FIELD, (MOST_FIELDS, "a form"))
        ),
        "hidden": shapes.mapped(
            "Fields of the lead that the form sets by itself, e.g. source: form.",
            r"\w+", ("is not a field", "write field: value"), shapes.text(""),
        ),
        "button": shapes.text("What stands on the button."),
        "consent": CONSENT,
        "thanks": shapes.text("What is said after it was sent."),
        "redirect": shapes.matching(
            "Or the page that is shown after that.", URL_RULE, "an address", "like https://example.com/thanks"
        ),
        "owner": shapes.text("Who gets the lead; by the rules of robots if absent."),
        "stage": shapes.text("The stage of the lead; the first if absent."),
        "duplicates": shapes.word(
            "What becomes of a submission by somebody known: attach (on the timeline, the usual), merge (also"
            " fill in what the record lacks), skip (nothing), new (a lead all the same).",
            DUPLICATES, DUPLICATES[0],
        ),
        "language": shapes.word("Of the page, if not that of the workspace.", LANGUAGES),
        "origins": ORIGINS,
    },
)  # fmt: skip
SITE = shapes.keys(
    "What all forms share.",
    {
        "origins": ORIGINS,
        "address": shapes.matching(
            "Where everybody reaches crm serve; letters of robots then lead to a page to unsubscribe.",
            ADDRESS_RULE, "an address", "like https://crm.example.com",
        ),
        "opens": shapes.yes_no(
            "Whether the HTML of such letters has a picture by which crm learns that it was opened; no."
        ),
        "color": shapes.matching("Of buttons and links.", COLOR_RULE, "a colour", "like #1f5eff"),
        "background": shapes.matching("Of the page.", COLOR_RULE, "a colour", "like #f4f6fa"),
        "font": shapes.matching("Names of fonts.", FONT_RULE, "a font", "like Georgia, serif"),
        "rounded": shapes.whole("How round corners are, in pixels.", 0, 40),
        "logo": shapes.matching("Its address.", URL_RULE, "an address", "like https://example.com/logo.svg"),
        "footer": shapes.text("A line below the form, e.g. phone and address."),
        "per_address": shapes.whole("Submissions a minute of one address; more are quarantined.", 1, MOST),
        "per_minute": shapes.whole("Submissions a minute in all; more wait in quarantine.", 1, MOST),
    },
)  # fmt: skip
SHAPE = shapes.keys(
    "Forms of a site: crm serve shows them, and makes leads of what is sent.",
    {
        "site": SITE,
        "forms": shapes.mapped(
            "The forms, by their names.",
            ID_RULE, ("cannot be the name of a form", ID_HINT), FORM, (MOST_FORMS, "a list of forms"),
        ),
    },
)  # fmt: skip
