"""What counts as leaving the machine, told from the files as they are written."""

from __future__ import annotations

import pytest

from crmcli.automation.approval.acts import Act, acts_of


def acts(pipelines: str = "", settings: str = "", **templates: str) -> list[Act]:
    files = {"pipelines.yaml": pipelines, "settings.yaml": settings}
    files.update({f"templates/mail/{name}.j2": text for name, text in templates.items()})
    everything = "".join(
        text for path, text in sorted(files.items()) if path.startswith("templates")
    )
    files["templates/**"] = everything
    return acts_of(lambda path: files[path].encode() if path in files else None)


def robot(text: str) -> str:
    return f"leads:\n  stages:\n    - id: new\n      robots:\n        - {{id: r, {text}}}\n"


LEAVING = {
    "do: email, with: {template: mail/a.j2}": "sends mail/a.j2 to the client",
    "do: email, with: {template: mail/a.j2, to: boss@chai.example}": "sends mail/a.j2 to boss@chai.example",
    "do: webhook, with: {url: 'https://example.com/x'}": "calls https://example.com/x",
    "do: webhook, with: {url: 'https://u:geheim@example.com'}": "calls https://***@example.com",
    "do: webhook, with: {url: 'https://e.com', secret: 'cmd:pass show x'}": (
        "calls https://e.com, running `pass show x` for its secret"
    ),
    "do: notify, with: {text: x}": "notifies the owner",
    "do: notify, with: {text: x, to: [anna, boris]}": "notifies anna, boris",
    "do: sms, with: {text: x}": "sends «x» to the client (sms)",
    "do: fax, with: {text: x}": "does 'fax'",  # what this crm does not know may leave in a newer one
    "do: script": "does 'script'",
}


@pytest.mark.parametrize("text", LEAVING)
def test_what_leaves_is_an_act_in_words(text: str) -> None:
    (act,) = acts(robot(text))
    assert (act.place, act.what) == ("leads/new/r", LEAVING[text])


@pytest.mark.parametrize("do", ["task", "set", "move", "comment"])
def test_what_stays_within_crm_is_none(do: str) -> None:
    assert acts(robot(f"do: {do}, with: {{text: x}}")) == []


@pytest.mark.parametrize(
    "change",
    [
        ("do: email", "do: email, after: 1d"),
        ("do: email", "do: email, when: amount > 1"),
        ("mail/a.j2", "mail/b.j2"),
        ("id: r", "id: s"),
        ("id: new", "id: old"),
        ("leads:", "deals:\n  - id: x\nleads:\n  name: y"),
    ],
)
def test_each_thing_that_decides_changes_the_digest_and_nothing_else_does(
    change: tuple[str, str],
) -> None:
    before = robot("do: email, with: {template: mail/a.j2}")
    (old,) = acts(before, a="Hi")
    (new,) = acts(before.replace(*change), a="Hi")
    assert (old.digest == new.digest) == change[0].startswith("leads:")


def test_the_texts_of_a_letter_count_with_all_that_they_include() -> None:
    rules = robot("do: email, with: {template: mail/a.j2}")
    text = "{% extends 'mail/base.j2' %}{%- include \"mail/foot.j2\" -%}"
    (old,) = acts(rules, a=text, base="1", foot="2", other="3")
    assert sorted(old.texts) == [f"templates/mail/{name}.j2" for name in ("a", "base", "foot")]
    (new,) = acts(rules, a=text, base="1", foot="changed", other="3")
    assert old.digest != new.digest
    assert old.declared == new.declared
    (same,) = acts(rules, a=text, base="1", foot="2", other="changed")
    assert same.digest == old.digest


@pytest.mark.parametrize(
    "text", ["{% include name %}", "{% import ns.x as y %}", "{%- extends [a, b] %}"]
)
def test_where_only_rendering_tells_every_template_counts(text: str) -> None:
    rules = robot("do: email, with: {template: mail/a.j2}")
    (old,), (new,) = acts(rules, a=text, other="3"), acts(rules, a=text, other="changed")
    assert old.digest != new.digest


def test_a_template_whose_name_is_filled_in() -> None:
    rules = robot("do: email, with: {template: 'mail/{{ lead.source }}.j2'}")
    (old,), (new,) = acts(rules, web="3"), acts(rules, web="changed")
    assert old.digest != new.digest


@pytest.mark.parametrize(
    ("channel", "place"),
    [
        ("mail: {deliver: maildir:outbox}", ""),
        ("mail: {deliver: 'maildir:a/b', from: a@b.example}", ""),
        ("mail: {deliver: maildir:../x}", "channels/mail"),
        ("mail: {deliver: maildir:/x}", "channels/mail"),
        ("mail: {deliver: 'maildir:~/x'}", "channels/mail"),
        ("mail: {deliver: 'smtp://mx.example'}", "channels/mail"),
        ("mail: {deliver: maildir:outbox, password: 'cmd:id'}", "channels/mail"),
        ("webhook: {allow: ['10.0.0.1:80']}", "channels/webhook"),
    ],
)
def test_channels(channel: str, place: str) -> None:
    assert [act.place for act in acts(settings=f"channels: {{{channel}}}\n")] == [place] * bool(
        place
    )


def test_a_password_in_an_address_is_not_shown() -> None:
    (act,) = acts(settings="channels: {mail: {deliver: 'smtp://u:geheim@mx.example'}}\n")
    assert "geheim" not in act.what


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "leads: 7\ndeals: x\n",
        "deals: [1, {stages: [null, {robots: 5}]}]\n",
        "a: [",
        "\0",
        "leads: &a [*a]",
    ],
)
def test_what_makes_no_sense_declares_nothing(text: str) -> None:
    assert acts(text, text) == []


def test_a_robot_of_a_sequence_is_an_act_by_all_that_its_sequence_says() -> None:
    text = "sequences:\n  warm:\n    exit_when: {}\n    robots: [{{id: r, do: email, with: {{template: a.j2}}}}]\n"
    first, other = (acts(text.format(when)) for when in ("amount > 1", "amount > 2"))
    assert [(act.place, act.what) for act in first] == [
        ("sequences/warm/r", "sends a.j2 to the client")
    ]
    assert first[0].digest != other[0].digest
