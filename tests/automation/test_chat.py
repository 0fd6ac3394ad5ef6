"""Chats: a bot is asked at the tick, who writes is known or becomes a lead, and answers leave."""

from __future__ import annotations

from typing import Any

import pytest

from crmcli.channels.providers import telegram_api
from crmcli.sales import chats
from crmcli.sales.intake import kept
from tests import kit
from tests.automation.conftest import House
from tests.bot_api import TOKEN, BotApi

PHONES = {"phone_number": "79161234567", "first_name": "Анна", "user_id": 77}


@pytest.fixture
def bot(house: House, api: BotApi, monkeypatch: pytest.MonkeyPatch) -> House:
    monkeypatch.setenv("BOT", TOKEN)
    settings(house, api)
    return house


def settings(house: House, api: BotApi, more: str = "") -> None:
    house.write(
        "settings.yaml",
        f"""
        company: {{name: Чай}}
        users: {{anna: {{name: Анна}}, boris: {{name: Борис}}}}
        channels:
          webhook: {{allow: ['127.0.0.1:{api.port}']}}
          chat: {{provider: telegram, token: env:BOT, fetch: yes, api: 'http://127.0.0.1:{api.port}'{more}}}
        """,
    )


def messages(house: House) -> list[tuple[str, dict[str, Any]]]:
    return [(e.kind, dict(e.data)) for e in house.events() if e.kind.startswith("message.")]


def test_who_writes_becomes_a_lead_once(bot: House, api: BotApi) -> None:
    api.comes(text="Сколько стоит чай?")
    assert bot.tick().failures == []
    lead = kit.one(bot.ws, "lead")
    assert lead["handles"] == ["telegram:@kotova", "telegram:@77"]
    assert (lead["name"], lead["last_name"]) == ("Анна Котова", "Котова")
    assert "language: ru" in lead["comment"]
    [(kind, told)] = messages(bot)
    assert (kind, told["text"], told["chat"]) == ("message.in", "Сколько стоит чай?", "telegram:77")
    assert api.updates == []  # it is confirmed
    api.comes(text="И доставка?")
    bot.tick("1m")
    assert [told["text"] for _, told in messages(bot)] == ["Сколько стоит чай?", "И доставка?"]
    assert kit.one(bot.ws, "lead")["comment"] == lead["comment"]


def test_nothing_is_confirmed_before_it_is_kept_and_what_comes_again_counts_once(
    bot: House, api: BotApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(230):
        api.comes(text=f"Вопрос {number} " + "ы" * 300)
    bot.tick()
    offsets = [given.get("offset") for method, given in api.asked if method == "getUpdates"]
    assert offsets == [None, 601, 701, 731]
    assert len(messages(bot)) == 230
    again = api.comes(text="Ещё")
    bot.tick("1m")
    api.updates.append(again)  # the confirmation got lost
    (bot.root / ".crm/mail-places").unlink(missing_ok=True)
    bot.tick("1m")
    assert len(messages(bot)) == 231


KNOWN = {
    "phone": ({"text": "Перезвоните: 8 916 123-45-67"}, "phones"),
    "e-mail": ({"text": "пишите на anna@kotova.ru, спасибо"}, "emails"),
    "contact": ({"contact": PHONES}, "phones"),
}


@pytest.mark.parametrize("what", KNOWN)
def test_what_is_certain_of_a_message_is_taken_into_the_record(
    bot: House, api: BotApi, what: str
) -> None:
    message, field = KNOWN[what]
    api.comes(text="Здравствуйте")
    bot.tick()
    api.comes(**message)
    bot.tick("1m")
    [value] = kit.one(bot.ws, "lead")[field]
    assert value["value"] in ("+79161234567", "anna@kotova.ru")


def test_somebody_elses_contact_is_not_the_clients_phone(bot: House, api: BotApi) -> None:
    other = kit.contact(bot.ws, name="Другой", phones=["+79161234567"])
    api.comes(contact={**PHONES, "user_id": 78})
    bot.tick()
    [event] = bot.events("message.in")
    assert event.record != other.id
    assert "79161234567" in event.data["text"]


def test_a_client_who_is_known_by_name_is_found(bot: House, api: BotApi) -> None:
    client = kit.contact(bot.ws, name="Анна", handles=["telegram:@Kotova"])
    api.comes(text="Здравствуйте")
    bot.tick()
    assert [e.record for e in bot.events("message.in")] == [client.id]
    assert "telegram:@77" in kit.raw(bot.ws, client.id)["handles"]
    assert kit.all_of(bot.ws, "lead") == []


NOBODYS = {
    "a group": {"chat": {"id": -5, "type": "supergroup"}, "text": "Привет"},
    "a bot": {"from": {"id": 5, "is_bot": True}, "text": "Привет"},
    "a service message": {"new_chat_title": "Чай"},
}


@pytest.mark.parametrize("whose", NOBODYS)
def test_what_is_not_of_a_client_makes_nothing(bot: House, api: BotApi, whose: str) -> None:
    api.comes(**NOBODYS[whose])
    assert bot.tick().failures == []
    assert (kit.all_of(bot.ws, "lead"), messages(bot)) == ([], [])
    assert [one.state for one in kept.listed(bot.ws, ("taken",))] == ["taken"]


@pytest.mark.parametrize(
    ("start", "utm", "detail"),
    [
        ("/start utm_source-vk__utm_campaign-spring", {"source": "vk", "campaign": "spring"}, ""),
        ("/start dXRtX3NvdXJjZT12ayZ1dG1fbWVkaXVtPWNwYw", {"source": "vk", "medium": "cpc"}, ""),
        ("/start banner7", {}, "banner7"),
        ("/start", {}, ""),
    ],
)
def test_a_deep_link_says_where_a_client_comes_from(
    bot: House, api: BotApi, start: str, utm: dict[str, str], detail: str
) -> None:
    api.comes(text=start)
    bot.tick()
    lead = kit.one(bot.ws, "lead")
    assert lead.get("utm", {}) == utm
    assert detail in lead.get("source_detail", "")


def test_pictures_voice_and_files_are_noted(bot: House, api: BotApi) -> None:
    api.comes(photo=[{"file_id": "small"}, {"file_id": "big"}], caption="Вот")
    api.comes(voice={"file_id": "v1", "duration": 3})
    api.comes(document={"file_id": "d1", "file_name": "план.pdf"})
    bot.tick()
    told = [(data["text"], data["media"][0]["file_id"]) for _, data in messages(bot)]
    assert told == [("Вот\n[photo]", "big"), ("[voice]", "v1"), ("[document]", "d1")]


def test_an_edited_message_is_the_same_message(bot: House, api: BotApi) -> None:
    first = api.comes(text="Хочу чйа")["message"]
    bot.tick()
    api.comes(
        "edited_message", text="Хочу чай", message_id=first["message_id"], edit_date=1795424500
    )
    bot.tick("1m")
    texts = [e.data["text"] for e in chats.as_amended(bot.ws.events()) if e.kind == "message.in"]
    assert texts == ["Хочу чай"]


def test_a_new_client_is_asked_for_the_phone_by_a_button(bot: House, api: BotApi) -> None:
    settings(bot, api, ", ask_phone: Отправить номер, hello: Здравствуйте! Оставьте номер.")
    api.comes(text="Привет")
    bot.tick()
    bot.tick("1m")
    [message] = api.sent
    assert message["text"] == "Здравствуйте! Оставьте номер."
    [[button]] = message["reply_markup"]["keyboard"]
    assert button == {"text": "Отправить номер", "request_contact": True}
    api.comes(contact=PHONES)
    bot.tick("1m")
    assert kit.one(bot.ws, "lead")["phones"][0]["value"] == "+79161234567"
    assert len(api.sent) == 1


ROBOT = "stages:\n  - id: new\n    name: Новый\n    robots:\n      - {id: hi, do: chat, with: {text: Привет}AFTER}\n"


def robots(house: House, after: str = "") -> None:
    house.rules(leads=ROBOT.replace("AFTER", after))


def test_a_robot_answers_in_the_chat(bot: House, api: BotApi) -> None:
    robots(bot)
    api.comes(text="Здравствуйте")
    bot.tick()
    assert [(one["chat_id"], one["text"]) for one in api.sent] == [(77, "Привет")]
    assert [kind for kind, _ in messages(bot)] == ["message.in", "message.out"]


SAID = {
    403: (403, "Forbidden: bot was blocked by the user", {}),
    400: (400, "Bad Request: chat not found", {}),
}


@pytest.mark.parametrize("code", SAID)
def test_a_chat_that_refuses_is_not_asked_again(bot: House, api: BotApi, code: int) -> None:
    robots(bot)
    api.fails["sendMessage"] = [SAID[code]]
    api.comes(text="Здравствуйте")
    bot.tick()
    bot.tick("2d")
    assert (bot.state("hi"), api.sent) == ("dead", [])
    assert [job.reason for job in bot.jobs() if job.robot == "hi"] == [SAID[code][1]]


def test_a_client_who_refuses_is_left_alone_until_writing_again(bot: House, api: BotApi) -> None:
    robots(bot)
    api.fails["sendMessage"] = [SAID[403]]
    api.comes(text="Здравствуйте")
    bot.tick()
    bot.tick("1h")
    lead = kit.one(bot.ws, "lead")["id"]
    assert chats.refuses(bot.ws, [lead])
    [told] = bot.events("chat.refused")
    assert told.data["to"] == "telegram:77"
    api.comes(text="Я вернулась")
    bot.tick("1h")
    assert not chats.refuses(bot.ws, [lead])


def test_one_of_us_is_no_client_and_is_told_by_the_bot(bot: House, api: BotApi) -> None:
    api.comes(text="/id")
    bot.tick()
    assert [(one["chat_id"], one["text"]) for one in api.sent] == [(77, "77")]
    users = "users: {anna: {name: Анна, telegram: '77'}, boris: {name: Борис}}"
    kit.replace(
        bot.root / "settings.yaml", "users: {anna: {name: Анна}, boris: {name: Борис}}", users
    )
    api.comes(text="Как дела?")
    bot.rules(kit.robots("{id: tell, do: notify, with: {text: Смотри, to: anna}}"))
    bot.add("deal", name="Чай", owner="boris")
    bot.tick("1m")
    assert kit.all_of(bot.ws, "lead") == []
    assert (api.sent[-1]["chat_id"], api.sent[-1]["text"].split("\n")[0]) == (77, "Смотри")
    assert bot.events("message.out") == []


def test_a_pause_that_telegram_wants_is_kept(bot: House, api: BotApi) -> None:
    robots(bot)
    api.fails["sendMessage"] = [(429, "Too Many Requests: retry after 90", {"retry_after": 90})]
    api.comes(text="Здравствуйте")
    bot.tick()
    [job] = [job for job in bot.jobs() if job.robot == "hi"]
    assert (job.state, job.attempts, (job.retry_at - bot.now).seconds) == ("queued", 0, 90)
    calls = [method for method, _ in api.asked].count("sendMessage")
    bot.tick("1m")
    assert [method for method, _ in api.asked].count("sendMessage") == calls
    telegram_api._rests.clear()  # as the next process finds it
    bot.tick("1m")
    assert [one["text"] for one in api.sent] == ["Привет"]


def test_a_pause_of_get_updates_is_kept_by_the_next_process_too(bot: House, api: BotApi) -> None:
    api.fails["getUpdates"] = [(429, "Too Many Requests", {"retry_after": 300})]
    api.comes(text="Здравствуйте")
    assert bot.tick().failures == []
    telegram_api._rests.clear()
    bot.tick("1m")
    assert (len(api.asked), messages(bot)) == (1, [])
    bot.tick("5m")
    assert len(messages(bot)) == 1


def test_what_is_wrong_is_said_once_and_without_the_token(
    bot: House, api: BotApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    conflict = "Conflict: terminated by other getUpdates request"
    api.fails["getUpdates"] = [(409, conflict, {})] * 2
    assert bot.tick().failures == [f"no chat is fetched: {conflict}"]
    assert bot.tick("1m").failures == []
    monkeypatch.setenv("BOT", TOKEN[:-1])
    assert bot.tick("1m").failures == ["no chat is fetched: Unauthorized"]
    assert TOKEN[:-1].encode() not in b"".join(
        path.read_bytes() for path in (bot.root / "data").rglob("*") if path.is_file()
    )


def test_robots_keep_quiet_where_a_person_answers(bot: House, api: BotApi) -> None:
    settings(bot, api, ", robots_after: 2d")
    robots(bot, ", after: 1h")
    api.comes(text="Здравствуйте")
    bot.tick()
    lead = kit.one(bot.ws, "lead")["id"]
    chats.take(bot.ws, bot.get(lead))
    bot.tick("2h")
    [job] = [job for job in bot.jobs() if job.robot == "hi"]
    assert (job.state, job.reason) == ("skipped", "anna answers in this chat")
    assert chats.taken_by(bot.ws, [lead]) == "anna"
    bot.wait("3d")
    assert chats.taken_by(bot.ws, [lead]) == ""
    chats.take(bot.ws, bot.get(lead))
    chats.take(bot.ws, bot.get(lead), release=True)
    assert chats.taken_by(bot.ws, [lead]) == ""
    assert api.sent == []
