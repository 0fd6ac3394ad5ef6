"""Columns by which somebody refuses to be written to, in the words of other programs."""

from __future__ import annotations

from pathlib import Path

from crmcli.sales.consent.refusal_words import column_part, refused_by, smells_of_consent
from tests.tried import Tried


def part_of(form: str, folder: Path) -> str:
    """The part of `do_not` that a header feeds, `may_…` where a no refuses."""
    part = column_part(form)
    if part:
        return part if part.startswith("may_") else f"do_not_{part}"
    return "not imported, and told first" if smells_of_consent(form) else "nothing of consent"


def refused(form: str, folder: Path) -> str:
    """What a cell refuses: `header: cell`."""
    header, _, cell = form.partition(": ")
    try:
        channels, allowed = refused_by(cell, column_part(header), header)
    except ValueError as error:
        return f"rejected: {error}"
    if channels:
        return f"refuses {', '.join(channels)}"
    return "refuses nothing" if allowed else "says nothing, kept as a comment"


HEADERS = {
    "Email Opt Out": "do_not_mail",
    "HasOptedOutOfEmail": "do_not_mail",
    "donotbulkemail": "do_not_mail",
    "Do not allow Phone Calls": "do_not_call",
    "DoNotCall": "do_not_call",
    "Do Not Contact": "do_not_all",
    "No emails": "do_not_mail",
    "No. of calls": "nothing of consent",
    "DND": "do_not_all",
    "NDNC Status": "do_not_call",
    "UNSUB_TIME": "do_not_mail",
    "Unsubscribed from all email": "do_not_mail",
    "Unsubscribe link": "not imported, and told first",
    "SMS_BLACKLISTED": "do_not_sms",
    "HasOptedOutOfFax": "not imported, and told first",
    "Accepts SMS Marketing": "may_sms",
    "Marketing status": "may_all",
    "Email status": "may_mail",
    "Opt-in": "may_all",
    "Newsletter": "not imported, and told first",
    "Mailing list": "not imported, and told first",
    "Communication preferences": "not imported, and told first",
    "Ne souhaite plus recevoir": "not imported, and told first",
    "Hard bounces": "not imported, and told first",
    "Subscription plan": "not imported, and told first",
    "Lead status": "nothing of consent",
    "Не беспокоить": "do_not_all",
    "Не звонить и не писать": "do_not_mail+call",
    "Отписка": "do_not_mail",
    "Отказ от звонков": "do_not_call",
    "Запрет на рассылку": "do_not_mail",
    "СМС запрещены": "do_not_sms",
    "Чёрный список": "do_not_all",
    "Причина отказа": "nothing of consent",
    "Согласие на рассылку": "may_mail",
    "Согласие на обработку персональных данных": "may_all",
    "Дата согласования": "nothing of consent",
    "Договор подписан": "nothing of consent",
    "Рассылка": "not imported, and told first",
    "Werbesperre": "do_not_all",
    "Keine E-Mails": "do_not_mail",
    "Nicht anrufen": "do_not_call",
    "Newsletter abbestellt": "do_not_mail",
    "Einwilligung Newsletter": "may_mail",
    "Liefersperre": "nothing of consent",
    "Désinscrit": "do_not_mail",
    "Ne pas appeler": "do_not_call",
    "Pas d'email": "do_not_mail",
    "Consentement RGPD": "may_all",
    "Wypisany": "do_not_mail",
    "Nie dzwonić": "do_not_call",
    "Brak zgody": "do_not_all",
    "Zgoda marketingowa": "may_all",
    "Não ligar": "do_not_call",
    "Descadastrado": "do_not_mail",
    "Consentimento LGPD": "may_all",
    "Bloctel": "do_not_call",
    "No llamar": "do_not_call",
    "Non chiamare": "do_not_call",
}
CELLS = {
    "Unsubscribed: TRUE": "refuses mail",
    "Unsubscribed: no": "refuses nothing",
    "Unsubscribed: 2024-05-01 10:00": "refuses mail",
    "Unsubscribe reason: too many": "refuses mail",
    "Opt out: maybe": "rejected: 'maybe' is neither yes nor no",
    "Opt out: E-mail, SMS": "refuses mail, sms",
    "Do Not Email: Allow": "refuses nothing",
    "Do Not Email: Do Not Allow": "refuses mail",
    "Keine Werbung: ja": "refuses mail, sms, call",
    "Ne pas appeler: non": "refuses nothing",
    "Nie dzwonić: tak": "refuses call",
    "Não ligar: Sim": "refuses call",
    "Отписка: ✓": "refuses mail",
    "Не писать: не отписывался": "refuses nothing",
    "Email Marketing Consent: NEVER_SUBSCRIBED": "refuses mail",
    "Marketing status: Unsubscribed": "refuses mail, sms, call",
    "Marketing status: Subscribed": "refuses nothing",
    "Marketing status: No consent": "refuses mail, sms, call",
    "Email status: bounced": "says nothing, kept as a comment",
    "GDPR consent: Legitimate interest": "says nothing, kept as a comment",
    "Согласие на рассылку: нет": "refuses mail",
    "Согласие на рассылку: отозвано": "refuses mail",
    "Согласие на рассылку: 03.05.2024": "says nothing, kept as a comment",
    "Einwilligung Newsletter: widerrufen": "refuses mail",
    "DND: Enabled": "refuses mail, sms, call",
    "DND: Disabled": "refuses nothing",
    "Do not call: off": "refuses nothing",
    "Blacklist: Active": "refuses mail, sms, call",
    "Opt out: Confirmed": "refuses mail, sms, call",
    "Отписка: подтверждена": "refuses mail",
    "Не звонить: вкл.": "refuses call",
    "Unsubscribe campaign: Spring sale": "refuses mail",
    "Unsubscribed mode: Manual": "refuses mail",
    "Email consent: Active": "refuses nothing",
}
CHAPTER = [
    Tried("Columns of refusals and consents at import", HEADERS, part_of),
    Tried("Cells of such columns", CELLS, refused),
]
