"""What robots and schedules can do: one row an action, with its parameters. `automation/actions/` does it."""

from __future__ import annotations

from collections.abc import Mapping

from crmcli.language import spoken, tr
from crmcli.model.action import Action, Param
from crmcli.model.channels import CHANNELS

ALERT = "alert"
"""What crm itself queues for our own people, by the channel of that name."""

OWNER, HEAD = "owner", "head"
"""Whoever owns the record, and who leads them, among the users that an action names."""

ROUND_ROBIN, LEAST_BUSY, PREVIOUS = NEW_OWNERS = ("round_robin", "least_busy", "previous")
"""How an owner is found: whose turn it is, who has least to do, who had the record before."""

APPEND, UNSET = "append", "unset"
"""Keys of an action that sets fields: what is added to lists and notes, and which fields are emptied."""

BLOCKED = Param(
    "what", "blocked", "E-mail addresses, domains or phones; all of the client's own if absent."
)
OF_TASKS = (
    Param("owner", "user", "A user's id; the record's owner if absent.", words=(OWNER,)),
    Param("comment", "text", "More words about it."),
    Param("checklist", "lines", "What it takes, a line each; may hold templates."),
    Param(
        "participants", "users",
        "Who else takes part: users by id, name or e-mail, owner for the record's own, head for who leads"
        " them.",
        words=(OWNER, HEAD),
    ),
)  # fmt: skip
WAIT = Param("wait", "yes_no", "Whether the robots below wait for its answer: crm jobs finish KEY.")

TO_PHONE = (
    Param("text", "text", "What it says; may hold templates."),
    Param("template", "template", "A file under templates/ that says it, e.g. sms/hello.j2."),
    Param(
        "to", "phone",
        "A phone number, or a user's id, name or e-mail, owner for the record's own; the client's phone if"
        " absent.",
        required_once=True, words=(OWNER,),
    ),
)  # fmt: skip
"""What a message to somebody's phone needs."""


def _to_phone(doc: str, channel: str, raises: str, said: str) -> Action:
    either = ("text", "template")
    return Action(
        doc, TO_PHONE, once=True, leaves=channel, raises=(raises,), either=either, said=said
    )


ACTIONS: dict[str, Action] = {
    "task": Action(
        "A task for an employee.",
        (
            Param("title", "text", "What to do; may hold {{ lead.name }} and other names.", required=True),
            Param(
                "due", "due",
                "When it is due: so long after the robot acts (1h, 2d, 1mo), a date, tomorrow; or a template."
                " In working time with workdays: yes.",
            ),
            *OF_TASKS,
        ),
        once=True, is_lone=True, said="a task",
    ),
    "plan": Action(
        "A call, a meeting or another time that is kept for people and resources.",
        (
            Param("title", "text", "What it is; may hold {{ lead.name }} and other names.", required=True),
            Param("kind", "word", "Just a time that is booked if absent.", choices=("call", "meeting")),
            Param(
                "due", "due",
                "When it begins: so long after the robot acts, a date with a time, or a template like"
                " {{ deal.meeting_at }}. In working time with workdays: yes.",
                required=True,
            ),
            Param("length", "length", "How long it takes, e.g. 30m or 2h; no time is kept if absent."),
            Param("resources", "resources", "What is needed, by id or name of directories: resources."),
            Param(
                "if_busy", "word", "Refuse it, or take the next free time in working hours.",
                choices=("refuse", "next"),
            ),
            Param("into", "date_field", "A date field of the record that gets the time, for robots."),
            *OF_TASKS,
        ),
        once=True, said="plan", raises=("booking.made", "field.changed"),
    ),
    "complete_tasks": Action(
        "The open tasks of a stage, done.",
        (
            Param(
                "stage", "stage", "The tasks that the record got in this stage; in its own if absent."
            ),
        ),
        said="complete tasks", raises=("task.done",),
    ),
    "email": Action(
        "An e-mail to the client, by a template.",
        (
            Param("template", "template", "A file under templates/, e.g. mail/hello.j2.", required=True),
            Param(
                "to", "addresses", "An address; the client's own first e-mail if absent.",
                required_once=True,
            ),
            Param(
                "attach", "addresses",
                "Files by their paths: {{ robots.ID.path }} of a document above, which counts as sent then.",
            ),
        ),
        once=True, leaves="mail", raises=("mail.out", "offer.sent", "invoice.sent"), said="an e-mail",
    ),
    "report": Action(
        "Reports by mail: a picture and a table in the letter, a sheet beside it; see crm help reports.",
        (
            Param("report", "plain", "A report, several of them, or dashboard; also of reports.yaml.",
                  required=True),
            Param("to", "recipients", "Users, teams and roles, each as they may see it; addresses.",
                  required=True),
            Param("period", "period", "As of crm report, e.g. last week; by the time of the schedule."),
            Param("by", "plain", "What it is split by, as of crm report."),
            Param("where", "plain", "A condition on its records."),
            Param("pipeline", "plain", "Of one pipeline alone; leads for that of leads."),
            Param("compare", "word", "With which period it is compared.", choices=("previous", "year")),
            Param("currency", "plain", "Sums in one currency by the rates of the day."),
            Param("limit", "rows", "At most so many rows of each; as the report has it if absent."),
            Param("subject", "text", "The subject; what it tells and its period if absent."),
            Param("sheet", "word", "What goes beside it; xlsx if absent.", choices=("xlsx", "csv", "none")),
            Param("picture", "yes_no", "Whether pictures stand in the letter; yes if absent."),
            Param("as", "user", "As who it goes to addresses that are no user's: what that user may export."),
        ),
        once=True, by_clock=True, leaves="mail", said="a report",
    ),
    "sms": _to_phone("An SMS to the client; see channels: in settings.yaml.", "sms", "sms.out", "an SMS"),
    "chat": _to_phone("A chat message to the client.", "chat", "message.out", "a chat message"),
    "call": _to_phone(
        "An automatic call to the client, which says a text.", "call", "call.out", "an automatic call"
    ),
    "document": Action(
        "An offer or invoice of the deal as a draft, or a page by a template: a file of the record.",
        (
            Param("kind", "word", "offer or invoice.", choices=("offer", "invoice")),
            Param("template", "template", "A page under templates/, e.g. acts/act.html.j2."),
            Param("format", "word", "pdf or html; pdf if absent.", choices=("pdf", "html")),
            Param("name", "text", "What the file is called; its number, or as the template, if absent."),
        ),
        leaves="document", said="a document", either=("kind", "template"),
    ),
    "set": Action(
        "Fields of the record and their new values.",
        (
            Param(APPEND, "append", "What is added to lists (tags: vip) and notes, by field."),
            Param(UNSET, "unset", "The fields that are emptied."),
        ),
        sets_fields=True, is_lone=True, raises=("field.changed", "owner.changed"), said="set",
    ),
    "owner": Action(
        "Another owner of the record.",
        (
            Param(
                "to", "user",
                "A user's id, name or e-mail; round_robin for whose turn it is, least_busy for who has"
                " the fewest open records, previous for who had it before.",
                required=True, words=NEW_OWNERS,
            ),
            Param("among", "users", "The users who take turns; all of settings.yaml if absent."),
        ),
        raises=("field.changed", "owner.changed"), said="owner",
    ),
    "move": Action(
        "Another stage, or a stage of another pipeline.",
        (
            Param("stage", "stage", "The id of the stage.", required=True),
            Param("pipeline", "pipeline", "The id of the pipeline; that of the record if absent."),
            Param("reason", "text", "Why, for a lost stage."),
        ),
        said="move to",
    ),
    "start_sequence": Action(
        "A sequence begins for the record; not one that is under way.",
        (Param("sequence", "sequence", "Its name under sequences: in pipelines.yaml.", required=True),),
        is_lone=True, said="start",
    ),
    "stop_sequence": Action(
        "A sequence ends for the record.",
        (Param("sequence", "sequence", "Its name; all that are under way if absent."),),
        is_lone=True, said="stop sequence",
    ),
    "create": Action(
        "Another record, linked to this one.",
        (
            Param(
                "entity", "word", "What it is.",
                required=True, choices=("deal", "lead", "contact", "company", "task"),
            ),
            Param("set", "values", "Its fields and their values; owner as here if absent."),
        ),
        said="create",
    ),
    "convert": Action(
        "The lead into contact, company and deal.",
        (
            Param(
                "make", "words", "What it becomes; a contact, a deal and the company it names if absent.",
                choices=("contact", "company", "deal"),
            ),
            Param("pipeline", "pipeline", "The pipeline of the deal; the first if absent."),
            Param(
                "on_duplicate", "word", "What becomes of who is known already; link if absent.",
                choices=("warn", "create", "skip", "merge", "replace", "update", "link", "fail"),
            ),
            Param("set", "values", "More values of what it becomes, as deal.close_by: today+7d."),
        ),
        of="lead", said="convert",
    ),
    "add_line": Action(
        "A line of the deal: a product, or anything with a price.",
        (
            Param("product", "text", "An article number or words of a name.", required=True),
            Param("quantity", "number", "How many; 1 if absent."),
            Param("price", "money", "For one; as in data/products.csv if absent."),
            Param("discount", "discount", "A sum for the whole line, or a part of it like 10%."),
            Param("vat", "rate", "The VAT rate: 20, 0 or none."),
            Param("unit", "text", "What it is counted in."),
        ),
        is_lone=True, of="deal", raises=("field.changed",), said="add a line",
    ),
    "remove_lines": Action(
        "Lines of the deal taken away.",
        (Param("product", "text", "Those of an article number or name; all if absent."),),
        is_lone=True, of="deal", raises=("field.changed",), said="remove lines",
    ),
    "audience": Action(
        "The client into an advertising audience, or out of it.",
        (
            Param("add", "audience", "The audience into which: a file of data/audiences/."),
            Param("take", "audience", "The audience out of which."),
            Param("days", "number", "For how many days; for ever if absent."),
        ),
        is_lone=True, either=("add", "take"), said="audience",
    ),
    "block": Action(
        "The client onto the block list.",
        (
            BLOCKED,
            Param("reason", "text", "Why, as crm block list shows it."),
        ),
        said="block",
    ),
    "unblock": Action(
        "The client off the block list.",
        (BLOCKED,),
        said="unblock",
    ),
    "comment": Action(
        "A note on the record's timeline.",
        (Param("text", "text", "The note; may hold templates.", required=True),),
        is_lone=True, raises=("note",), said="a note",
    ),
    "notify": Action(
        "Tell an employee something.",
        (
            Param("text", "text", "What to say; may hold templates.", required=True),
            Param(
                "to", "users",
                "Users by id, name or e-mail, owner for the record's own, head for who leads the owner;"
                " the owner if absent.",
                words=(OWNER, HEAD),
            ),
        ),
        once=True, leaves="mail", to_staff=True, said="notify",
    ),
    "webhook": Action(
        "Post the record to an address.",
        (
            Param("url", "url", "An http or https address.", required=True),
            Param("body", "any", "What to post; the record as JSON if absent."),
            Param("headers", "map", "More headers."),
            Param("secret", "secret", "Where the signing secret stands, never the secret itself."),
            WAIT,
        ),
        once=True, leaves="webhook", said="call",
    ),
    "own": Action(
        "Run a program of one's own; see crm help own.",
        (
            Param("run", "program", "A program under robots.d/.", required=True),
            Param("data", "any", "What it gets besides the record."),
            WAIT,
        ),
        once=True, leaves="own", said="run",
    ),
}  # fmt: skip


def leaves(do: str) -> bool:
    """Whether an action goes beyond this machine's folder; one that only a newer crm knows does, too."""
    channel = channel_of(do)
    is_within = channel in CHANNELS and CHANNELS[channel].is_within
    return do not in ACTIONS or (bool(channel) and not is_within)


def channel_of(do: str) -> str:
    """The channel by which what an action queues leaves; "" for one that only a newer crm knows."""
    if do == ALERT:
        return do
    return ACTIONS[do].leaves if do in ACTIONS else ""


def action_said(do: str) -> str:
    """An action in a word or two of the language spoken; in English its own name says it."""
    return tr(ACTIONS[do].said) if do in ACTIONS and spoken() != "en" else do or "?"


def moves_to(do: str, params: Mapping[str, object]) -> str:
    """The stage to which an action moves the record, `PIPELINE/STAGE` if it names both; "" if to none."""
    if do != "move":
        return ""
    return "/".join(str(params[key]) for key in ("pipeline", "stage") if params.get(key))
