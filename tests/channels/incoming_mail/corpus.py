"""A corpus of mail in the forms of eight mail programs and of the servers people meet: texts put into forms.

Everything in it is made up; the forms are those of the programs. `cases()` gives each message with what is right.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from html import escape
from itertools import cycle

OUR = "crm+k7@our.ru"


@dataclass(frozen=True)
class Case:
    """A message and what is right of it: `kind` is reply, automatic or bounce."""

    name: str
    data: bytes
    kind: str
    written: str = ""
    quoted: str = ""
    address: str = ""
    severity: str = ""


RU = [
    "Добрый день!\n\nСпасибо, расчёт получил. Когда сможете приехать на замер?",
    "Здравствуйте, нас всё устраивает, выставляйте счёт на 2 окна.",
    "Дорого. В соседней фирме предложили за 45 000.\nСделаете скидку?",
    "Иван, а можно заменить профиль? И прошу учесть:\n- откосы\n- подоконник 40 см\n\nСпасибо!",
    "Уже не актуально, заказали в другом месте",
    "Прошу рассчитать по проекту от 12.09.2026:\n1. балкон 3 м\n2. окно > 2 м\nНаписал: вам вчера, ответа нет.",
    "Да",
]
EN = [
    "Hi Ivan,\n\nThanks, that works for us. Can you send the invoice?",
    "No thanks.",
    "On Monday we wrote to your office: nobody answered.\nPlease call me at noon.",
]
DE = [
    "Guten Tag,\n\nvielen Dank für das Angebot. Wann können Sie liefern?",
    "Leider zu teuer.",
    "Am Montag passt es uns gut: bitte um 10:00 anrufen.",
]
ASKED = {
    "ru": "Анна, добрый день!\n\nПодготовили расчёт по балкону.\nПодскажите, всё ли подходит?\n\nС уважением,\nИван Петров",
    "en": "Dear Anna,\n\nplease find our offer attached.\nIs everything fine?\n\nBest regards,\nIvan Petrov",
    "de": "Guten Tag Anna,\n\nanbei unser Angebot.\nPasst alles?\n\nMit freundlichen Grüßen\nIvan Petrov",
}
SIGNED = {
    "ru": "С уважением,\nАнна Белова",
    "en": "Kind regards,\nAnna Bell",
    "de": "Viele Grüße\nAnna Beil",
}

# What each program puts above, whether it marks lines with >, and what its telephone adds.
PLAIN = {
    "ru": {
        "gmail": ("пн, 23 нояб. 2026 г. в 10:05, Иван Петров <ivan@our.ru>:\n", True),
        "gmail-long": ("пн, 23 нояб. 2026 г. в 10:05, Отдел продаж компании Окна и Двери <\nprodazhi.moskva@our.ru>:\n", True),
        "gmail-old": ("23 ноября 2026 г., 10:05 пользователь Иван Петров <ivan@our.ru> написал:\n", True),
        "outlook": (("From: Иван Петров <ivan@our.ru> \nSent: Monday, November 23, 2026 10:05 AM\nTo: Анна <anna@firm.ru>\n"
                    "Subject: Расчёт\n"), False),
        "outlook-ru": (("От: Иван Петров [mailto:ivan@our.ru] \nОтправлено: 23 ноября 2026 г. 10:05\nКому: Анна\n"
                       "Тема: Расчёт\n"), False),
        "outlook-old": (("-----Исходное сообщение-----\nОт: Иван Петров [mailto:ivan@our.ru] \n"
                        "Отправлено: 23 ноября 2026 г. 10:05\nКому: Анна\nТема: Расчёт\n"), False),
        "outlook-web": (("________________________________\nОт: Иван Петров <ivan@our.ru>\nОтправлено: 23 ноября 2026 г. 10:05:11\n"
                        "Кому: Анна\nТема: Расчёт\n"), False),
        "mail.ru": ("Понедельник, 23 ноября 2026, 10:05 +03:00 от Иван Петров <ivan@our.ru>:\n", True),
        "mail.ru-bare": ("Понедельник, 23 ноября 2026, 10:05 +03:00 от Иван Петров <ivan@our.ru>:\n", False),
        "yandex": ("23.11.2026, 10:05, \"Иван Петров\" <ivan@our.ru>:", True),
        "yandex-bare": ("23.11.2026, 10:05, \"Иван Петров\" <ivan@our.ru>:\n", False),
        "thunderbird": ("23.11.2026 10:05, Иван Петров пишет:", True),
        "apple": ("23 нояб. 2026 г., в 10:05, Иван Петров <ivan@our.ru> написал(а):\n", True),
        "the-bat": ("Вы писали 23 ноября 2026 г., 10:05:\n", True),
        "roundcube": ("Иван Петров писал(а) 2026-11-23 10:05:", True),
    },
    "en": {
        "gmail": ("On Mon, Nov 23, 2026 at 10:05 AM Ivan Petrov <ivan@our.ru> wrote:\n", True),
        "gmail-long": ("On Mon, Nov 23, 2026 at 10:05 AM Windows and Doors, sales department <\nsales@our.ru>\nwrote:\n", True),
        "outlook": ("From: Ivan Petrov <ivan@our.ru>\nSent: Monday, November 23, 2026 10:05 AM\nTo: Anna\nSubject: Offer\n", False),
        "outlook-old": (("-----Original Message-----\nFrom: Ivan Petrov [mailto:ivan@our.ru]\nSent: Monday, November 23, 2026 10:05\n"
                        "To: Anna\nSubject: Offer\n"), False),
        "outlook-phone": (("________________________________\nFrom: Ivan Petrov <ivan@our.ru>\nSent: Monday, November 23, 2026 10:05:11 AM\n"
                          "To: Anna <anna@firm.com>\nSubject: Offer\n"), False),
        "thunderbird": ("On 11/23/26 10:05, Ivan Petrov wrote:", True),
        "apple": ("On Nov 23, 2026, at 10:05 AM, Ivan Petrov <ivan@our.ru> wrote:\n", True),
    },
    "de": {
        "gmail": ("Am Mo., 23. Nov. 2026 um 10:05 Uhr schrieb Ivan Petrov <ivan@our.ru>:\n", True),
        "gmail-phone": ("Ivan Petrov <ivan@our.ru> schrieb am Mo., 23. Nov. 2026,\n10:05:\n", True),
        "outlook": ("Von: Ivan Petrov <ivan@our.ru>\nGesendet: Montag, 23. November 2026 10:05\nAn: Anna\nBetreff: Angebot\n", False),
        "outlook-old": (("-----Ursprüngliche Nachricht-----\nVon: Ivan Petrov <ivan@our.ru>\nGesendet: Montag, 23. November 2026 10:05\n"
                        "An: Anna\nBetreff: Angebot\n"), False),
        "gmx": (("Gesendet: Montag, 23. November 2026 um 10:05 Uhr\nVon: \"Ivan Petrov\" <ivan@our.ru>\nAn: anna@gmx.de\n"
                "Betreff: Angebot\n"), False),
        "thunderbird": ("Am 23.11.26 um 10:05 schrieb Ivan Petrov:", True),
        "apple": ("Am 23.11.2026 um 10:05 schrieb Ivan Petrov <ivan@our.ru>:\n", True),
    },
}  # fmt: skip

# The same of those that send HTML alone; {a} is the answer, {q} what is quoted, {h} the line above it.
HTML = {
    "gmail": '<div dir="ltr">{a}</div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">{h}<br></div>'
             '<blockquote class="gmail_quote" style="border-left:1px solid">{q}</blockquote></div>',
    "mail.ru": '<HTML><BODY><div>{a}</div><br><div class="mail-quote-collapse"><blockquote style="border-left:1px solid">'
               '<span>{h}</span><br><div>{q}</div></blockquote></div></BODY></HTML>',
    "yandex": "<div><div>{a}</div><div> </div><div>{h}</div><blockquote><div>{q}</div></blockquote></div>",
    "thunderbird": '<p>{a}</p><div class="moz-cite-prefix">{h}<br></div><blockquote type="cite" cite="mid:x">{q}</blockquote>',
    "outlook": '<div class="WordSection1"><p class="MsoNormal">{a}</p><div><div style="border-top:solid #E1E1E1 1.0pt">'
               '<p class="MsoNormal">{h}</p></div></div><p class="MsoNormal">{q}</p></div>',
    "outlook-web": '<div dir="ltr">{a}</div><hr tabindex="-1"><div id="divRplyFwdMsg" dir="ltr"><font>{h}</font></div><div>{q}</div>',
    "apple": '<div dir="ltr">{a}</div><div dir="ltr"><br><blockquote type="cite">{h}<br><br>{q}</blockquote></div>',
}  # fmt: skip
DEVICE = {"ru": ["Отправлено с iPhone", "Отправлено из мобильной Почты Mail.ru", "Отправлено из Outlook для iOS"],
          "en": ["Sent from my iPhone", "Get Outlook for Android"], "de": ["Von meinem iPhone gesendet"]}  # fmt: skip


def letter(subject: str, body: str, html: bool = False, **headers: str) -> bytes:
    message = EmailMessage()
    message["From"] = headers.pop("sender", "Анна Белова <anna@firm.ru>")
    message["To"] = OUR
    message["Subject"] = subject
    message["Message-ID"] = "<answer-1@firm.ru>"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(body, subtype="html" if html else "plain", cte="8bit")
    return message.as_bytes()


def marked(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def replies() -> Iterator[Case]:
    for lang, texts in (("ru", RU), ("en", EN), ("de", DE)):
        told = cycle(texts)
        added = cycle([*DEVICE[lang], f"-- \n{SIGNED[lang]}", SIGNED[lang], "", ""])
        rounds = 3 if lang == "ru" else 2
        for number in range(rounds):
            for form, (head, has_marks) in PLAIN[lang].items():
                answer, more = next(told), next(added)
                quoted = head + "\n" + (marked(ASKED[lang]) if has_marks else ASKED[lang])
                text = "\n\n".join(filter(None, (answer, more, quoted)))
                if form == "yandex" and number:  # which puts the signature below
                    text = "\n\n".join(filter(None, (answer, quoted, f"-- \n{SIGNED[lang]}")))
                yield Case(
                    f"{lang} {form} {number}", letter("Re: x", text), "reply", answer, quoted
                )
        for form, shape in HTML.items():
            answer = next(told)
            base = form.removesuffix("-web")
            head = PLAIN[lang].get(form, PLAIN[lang].get(base, PLAIN[lang]["gmail"]))[0].strip()
            html = shape.format(a=rich(answer), q=rich(ASKED[lang]), h=rich(head))
            yield Case(
                f"{lang} {form} html",
                letter("Re: x", html, html=True),
                "reply",
                answer,
                f"{head} {ASKED[lang]}",
            )
        lines = ASKED[lang].split("\n")[2:4]
        head = PLAIN[lang]["thunderbird"][0]
        text = f"{head}\n> {lines[0]}\n\n{texts[0]}\n\n> {lines[1]}\n\n{texts[1]}\n"
        yield Case(
            f"{lang} inline",
            letter("Re: x", text),
            "reply",
            f"{texts[0]} {texts[1]}",
            f"{head} > {lines[0]} > {lines[1]}",
        )
        text = f"{head}\n{marked(ASKED[lang])}\n\n{texts[0]}"
        yield Case(
            f"{lang} below",
            letter("Re: x", text),
            "reply",
            texts[0],
            f"{head} {marked(ASKED[lang])}",
        )
        yield Case(f"{lang} unquoted", letter("Re: x", texts[0]), "reply", texts[0])
    for number, (mark, subject) in enumerate(FORWARDED):
        text = f"Посмотрите\n\n{mark}\n{ASKED['ru']}"
        yield Case(
            f"forwarded {number}", letter(subject, text), "reply", text.rpartition("\n\n")[0]
        )

    for number, (head, subject) in enumerate(OTHERS):
        text = f"{RU[0]}\n\n{head}\n{ASKED['ru']}"
        yield Case(
            f"other {number}", letter(subject, text), "reply", RU[0], f"{head} {ASKED['ru']}"
        )


OTHERS = [
    ("---- On Wed, 24 Feb 2021 14:02:50 +0530 ivan@our.ru wrote ----\n", "Re: x"),
    ("-------- Исходное сообщение --------\nОт: Иван <i@our.ru> \nДата: 23.11.26  10:05  (GMT+03:00) \nКому: a@x.ru \nТема: x \n", "RE: x"),
    ("-------- Оригинальное сообщение --------\nОт: Иван <i@our.ru>\nОтправлено: 23 ноября 2026 г. 10:05:00 GMT+03:00\n", "Re: x"),
    ("------ Исходное сообщение ------\nОт \"Иван\" <i@our.ru>\nКому a@x.ru\nДата 23.11.2026 10:05:00\nТема x\n", "Re: x"),
    ("23 ноября 2026 г. 10:05:00 GMT+03:00, Иван <i@our.ru> пишет:\n", "Re: x"),
    ("----------------\nКому: Ирина (irina@x.ru);\nТема: x;\n23.11.2026, 03:56, \"Иван\" <i@our.ru>:\n", "Re: x"),
    ("Среда, 23 сентября 2026, 10:00 +10:00 от Иван <ivan@our.ru>:\n", "Re: x"),
    ("On 23 Nov 2026, 10:05 +0300, Ivan <i@our.ru>, wrote:\n", "Re: x"),
    ("From: Human Resources \n<a-really-long-address+1234@our.ru> \nSent: Monday, August 26, 2026 4:37 PM\nTo: A <a@x.ru>\nSubject: x\n", "Re: x"),
    ("*От:* Иван <i@our.ru>\n*Отправлено:* понедельник, 23 ноября 2026 г. 10:05\n*Кому:* a@x.ru\n*Тема:* x\n", "Re: x"),
    ("Am 23. November 2026 10:05:00 MEZ schrieb Ivan <i@our.ru>:\n", "AW: x"),
    ("-------- Original-Nachricht --------\nVon: Ivan <i@our.ru>\nDatum: 23.11.26 10:05 (GMT+01:00)\nAn: a@x.de\nBetreff: x\n", "AW: x"),
    ("ср, 30 апр. 2025 г. в 15:19, John Doe <doe@our.ru>:\n", "Re: x"),
]  # fmt: skip
FORWARDED = [
    ("---------- Forwarded message ---------\nОт: Иван <i@x.ru>\nDate: пн, 23 нояб. 2026 г.\nTo: <a@x.ru>\n", "Fwd: x"),
    ("-------- Пересылаемое сообщение --------\n23.11.2026, 10:05, \"Иван\" <i@x.ru>:\n", "Fwd: x"),
    ("От: Иван <i@x.ru>\nОтправлено: 23 ноября 2026 г. 10:05\nКому: Анна\nТема: x\n", "FW: x"),
    ("Начало переадресованного сообщения:\n\nОт: Иван <i@x.ru>\nДата: 23 ноября 2026 г., 10:05\n", "Заявка"),
]  # fmt: skip


def rich(text: str) -> str:
    return escape(text, quote=False).replace("\n", "<br>")


AUTOMATIC = [
    # subject, text, headers
    ("Автоматический ответ: Расчёт", "Я в отпуске до 5 декабря.", {"X-Auto-Response-Suppress": "All", "Auto-Submitted": "auto-generated"}),
    ("Автоматический ответ: Расчёт", "Нахожусь в командировке. По срочным вопросам: Олег, oleg@firm.ru", {}),
    ("Re: Расчёт", "Здравствуйте! Я в отпуске.", {"Auto-Submitted": "auto-replied", "Precedence": "bulk"}),
    ("Re: Расчёт", "Здравствуйте! Я в отпуске.", {"Return-Path": "<>"}),
    ("Re: Расчёт", "Это автоматический ответ. Ваше письмо получено, мы ответим в течение дня.", {}),
    ("Автоответ: Расчёт", "В отпуске", {}), ("Автоответчик", "Меня нет.", {}), ("Вне офиса", "Буду в понедельник", {}),
    ("Отсутствую до 01.12", "Буду 1 декабря", {}), ("Нахожусь в отпуске", "Буду 1 декабря", {}),
    ("В отпуске до 10 декабря", "Пишите Олегу.", {}), ("Отсутствие на рабочем месте: Расчёт", "Пишите Олегу.", {}),
    ("Ваше обращение №4512 зарегистрировано", "Ожидайте ответа.", {}),
    ("Re: Расчёт", "Данное письмо сформировано автоматически, пожалуйста, не отвечайте на это письмо.", {}),
    ("Re: Расчёт", "Я нахожусь в отпуске с 20 ноября по 5 декабря. Вернусь и отвечу.", {}),
    ("Новости ноября", "Скидки!", {"List-Unsubscribe": "<https://x.ru/u>", "Precedence": "list"}),
    ("Дайджест", "Читайте", {"List-Id": "<news.x.ru>"}), ("Re: Расчёт", "Спасибо", {"X-Autoreply": "yes"}),
    ("Прочитано: Расчёт", "Ваше сообщение прочитано", {}), ("Подтверждение получения письма", "Получили.", {}),
    ("Автоматическое уведомление", "Ваше письмо доставлено в отдел", {"X-Autogenerated": "Reply"}),
    ("Automatic reply: Offer", "I am out of the office.", {"X-Auto-Response-Suppress": "All"}), ("Automatic reply: Offer", "Back Monday", {}),
    ("Out of Office: Offer", "Back Monday", {}), ("Out of Office Re: Offer", "Back Monday", {}), ("Auto-Reply: Offer", "Got it", {}),
    ("Re: Offer", "This is an automated response. We have received your message.", {}), ("Vacation reply", "Away", {}),
    ("Re: Offer", "I am currently out of the office until December 5.", {}), ("Re: Offer", "Thanks", {"Precedence": "auto_reply"}),
    ("Automatische Antwort: Angebot", "Ich bin bis 5.12. nicht im Büro.", {}), ("Abwesenheitsnotiz", "Ab Montag wieder da.", {}),
    ("Abwesend: Angebot", "Ab Montag wieder da.", {}), ("Re: Angebot", "Diese Nachricht wurde automatisch erstellt.", {}),
    ("AW: Angebot", "Ich bin derzeit nicht im Büro. In dringenden Fällen: max@firm.de", {}), ("Eingangsbestätigung", "Danke.", {}),
]  # fmt: skip


def automatic() -> Iterator[Case]:
    for number, (subject, text, headers) in enumerate(AUTOMATIC):
        data = letter(
            subject, text, **{name.replace("-", "_"): value for name, value in headers.items()}
        )
        yield Case(f"automatic {number} {subject}", data, "automatic")


DEAD, FULL = "anna@firm.ru", "anna@firm.ru"
SAID = [
    ("5.1.1", "550 5.1.1 <anna@firm.ru>: Recipient address rejected: User unknown", "hard"),
    ("5.2.2", "552 5.2.2 Mailbox full", "soft"), ("4.2.0", "451 4.2.0 Greylisted, please try again later", "soft"),
    ("5.1.2", "Host or domain name not found. Name service error for name=firm.ru type=A: Host not found", "hard"),
    ("5.0.0", "550 Message was not accepted -- invalid mailbox. Local mailbox anna@firm.ru is unavailable: user not found", "hard"),
    ("5.7.1", "554 5.7.1 Message rejected under suspicion of SPAM; https://ya.cc/1IrBc", "soft"),
    ("4.4.1", "connect to mx.firm.ru[192.0.2.1]:25: Connection timed out", "soft"),
    ("5.2.1", "550 5.2.1 The email account that you tried to reach is disabled", "hard"),
    ("5.7.1", "550 5.7.1 Policy rejection on the target address", "soft"), ("5.1.10", "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup", "hard"),
]  # fmt: skip
FAILED = [
    # sender, subject, text ({s} is what the server said), the text that comes before it in other languages
    ("Mail Delivery System <MAILER-DAEMON@mx.our.ru>", "Undelivered Mail Returned to Sender",
     ("This is the mail system at host mx.our.ru.\n\nI'm sorry to have to inform you that your message could not\n"
     "be delivered to one or more recipients.\n\n                   The mail system\n\n<anna@firm.ru>: host mx.firm.ru said: {s}")),
    ("Mail Delivery System <Mailer-Daemon@mx.our.ru>", "Mail delivery failed: returning message to sender",
     ("This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its\n"
     "recipients. This is a permanent error. The following address(es) failed:\n\n  anna@firm.ru\n    SMTP error from remote mail server after RCPT TO:<anna@firm.ru>:\n    {s}")),
    ("mailer-daemon@corp.mail.ru", "Ваше сообщение не доставлено. Mail failure.",
     ("Это письмо создано автоматически сервером Mail.Ru, отвечать на него не нужно.\n\nК сожалению, Ваше письмо не может быть доставлено одному или нескольким получателям:\n\n"
     "  anna@firm.ru\n    SMTP error from remote mail server after RCPT TO:<anna@firm.ru>:\n    {s}\n\nРекомендуем Вам проверить корректность указания адресов получателей.")),
    ("mailer-daemon@yandex.ru", "Недоставленное сообщение",
     ("Это письмо отправлено почтовым сервером yandex.ru.\n\nК сожалению, мы вынуждены сообщить Вам о том, что Ваше письмо не может быть отправлено\nодному или нескольким адресатам. Причины указаны ниже.\n\n"
     "<anna@firm.ru>: host mx.firm.ru[192.0.2.1] said: {s}")),
    ("postmaster@firm.ru", "Не удается доставить: Расчёт",
     ("Не удалось выполнить доставку следующим получателям или группам:\n\nanna@firm.ru<mailto:anna@firm.ru>\nУказанный адрес или ящик сейчас не принимает это сообщение.\n\n"
     "Диагностические сведения для администраторов:\nФормирующий сервер: mx.firm.ru\nanna@firm.ru\n#{s}")),
    ("Microsoft Outlook <postmaster@firm.ru>", "Недоставляемо: Расчёт",
     "Сбой доставки следующим получателям или спискам рассылки:\n\nAnna (anna@firm.ru)\n\nДиагностические сведения для администраторов:\nФормирующий сервер: mx.firm.ru\nanna@firm.ru\n{s}"),
    ("Mail Delivery Subsystem <mailer-daemon@rambler.ru>", "Письмо не доставлено",
     "Здравствуйте!\nВаше письмо не было доставлено адресату anna@firm.ru.\nОтвет сервера: {s}"),
    ("MAILER-DAEMON@qmail.our.ru", "failure notice",
     ("Hi. This is the qmail-send program at qmail.our.ru.\nI'm afraid I wasn't able to deliver your message to the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n"
     "<anna@firm.ru>:\n192.0.2.1 does not like recipient.\nRemote host said: {s}\n\n--- Below this line is a copy of the message.")),
    ("Mail Delivery System <mailer-daemon@kundenserver.de>", "Unzustellbar: Angebot",
     "Diese Nachricht wurde automatisch vom Mailsystem erzeugt.\n\nIhre Nachricht konnte nicht zugestellt werden an:\n\nanna@firm.ru:\n{s}"),
    ("Postmaster <postmaster@firm.de>", "Zustellung fehlgeschlagen: Angebot",
     "Fehler bei der Nachrichtenzustellung an folgende Empfänger oder Gruppen:\n\nanna@firm.ru<mailto:anna@firm.ru>\n\nDiagnoseinformationen für Administratoren:\nGenerierender Server: mx.firm.de\nanna@firm.ru\n{s}"),
]  # fmt: skip
ORIGINAL = "Return-Path: <crm+k7@our.ru>\nFrom: crm@our.ru\nTo: anna@firm.ru\nSubject: x\nMessage-ID: <our-1@our.ru>\n\nДобрый день"


def bounces() -> Iterator[Case]:
    for form, (sender, subject, text) in enumerate(FAILED):
        for number, (status, said, kind) in enumerate(SAID):
            if (form + number) % 3 == 0:
                continue
            name = f"bounce {form} {number}"
            body = (
                text.format(s=said)
                + f"\n\n------ This is a copy of the message, including all the headers. ------\n\n{ORIGINAL}"
            )
            if number % 3 == form % 3:
                action = "delayed" if status.startswith("4") else "failed"
                yield Case(
                    name,
                    report(sender, subject, text.format(s=said), status, said, action),
                    "bounce",
                    "",
                    "",
                    DEAD,
                    kind,
                )
            else:
                yield Case(name, letter(subject, body, sender=sender), "bounce", "", "", DEAD, kind)
    for number, (subject, body, kind) in enumerate(WORDS):
        data = letter(subject, body, sender="postmaster@firm.ru", Return_Path="<>")
        yield Case(f"bounce in words {number}", data, "bounce", "", "", DEAD, kind)


WORDS = [
    ("Не доставлено: Расчёт", "Письмо для anna@firm.ru не доставлено.\nПочтовый ящик получателя переполнен.", "soft"),
    ("Сообщение не доставлено", "Адрес anna@firm.ru не найден. Нет такого пользователя.", "hard"),
    ("Задержка доставки", "Доставка письма для anna@firm.ru отложена. Попытки доставки будут продолжены.", "soft"),
    ("Ошибка доставки почты", "Не удалось доставить письмо на anna@firm.ru: ящик заблокирован за неиспользование.", "hard"),
    ("Unzustellbar: Angebot", "Die Nachricht an anna@firm.ru konnte nicht zugestellt werden: Das Postfach ist voll.", "soft"),
    ("Unzustellbar: Angebot", "Die Nachricht an anna@firm.ru konnte nicht zugestellt werden: Empfänger unbekannt.", "hard"),
    ("Warning: message 1abc delayed 24 hours", "The message to anna@firm.ru has not yet been delivered.\nNo action is required on your part.", "soft"),
    ("Undeliverable: Offer", ("Your message did not reach some or all of the intended recipients.\n\n'anna@firm.ru' on 23.11.2026 10:05\n"
     "The recipient name is not recognized"), "hard"),
]  # fmt: skip


def report(sender: str, subject: str, text: str, status: str, said: str, action: str) -> bytes:
    return (
        f"From: {sender}\nTo: {OUR}\nSubject: {subject}\nReturn-Path: <>\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="q/1"\n\n'
        f"--q/1\nContent-Type: text/plain; charset=utf-8\n\n{text}\n\n--q/1\nContent-Type: message/delivery-status\n\n"
        f"Reporting-MTA: dns; mx.our.ru\n\nFinal-Recipient: rfc822; {DEAD}\nAction: {action}\nStatus: {status}\n"
        f"Diagnostic-Code: smtp; {said}\n\n--q/1\nContent-Type: message/rfc822\n\n{ORIGINAL}\n--q/1--\n"
    ).encode()


def cases() -> list[Case]:
    """The whole corpus."""
    return [*replies(), *automatic(), *bounces()]
