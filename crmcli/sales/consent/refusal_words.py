"""How other programs call refusals and consents: what a column, or a cell of it, says of do_not."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from crmcli.language import tr
from crmcli.model.kinds.numbers import TRUTHS
from crmcli.model.values import CONSENT_CHANNELS, fold

ALL, MAY, AND = "all", "may_", "+"
"""Parts of `do_not` that a column may feed: a channel, several with `+`, all; `may_` where a no refuses."""

_CHANNELS = {
    "mail": r"e? ?mails?|mailings?|newsletters?|e ?post|писем|письм\w*|писать|почт\w*|e? ?мейл\w*|рассыл\w*"
    r"|anschreiben|ecrire|courriels?|infolettres?|pis(ac|z)|correos?|boletin|scrivere|escrever"
    r"|bulk ?e? ?mails?",
    "sms": r"sms|sms ?es|смс|texting|(to|not|no|nt|by) ?texts?|text ?(messag\w*|opt\w*)",
    "call": r"calls?|calling|phon(es?|ing)|tele\w+|dnc|ndnc|звон\w*|обзвон\w*|\w*телефон\w*|anrufe?n?|"
    r"\w*anruf\w*|appel\w*|bloctel|llama\w*|ligar|ligacoes|dzwon\w*|chiamare|chiamate",
}
_ELSEWHERE = (
    r"fax\w*|факс\w*|post|postal\w*|direct ?mail|letters?|brief\w*|courriers?|whats ?app|viber|telegram"
    r"|facebook|push|cookies?|links?|url|ссылк\w*|lien|count|rate|ip"
)
"""Ways that crm does not write by, and columns that say something else of an unsubscription."""

_LISTS = (
    r"unsub\w*|отпис\w*|abgemeldet|abmeldung|abbestell\w*|ausgetragen|desinscri\w*|desabon\w*|desuscri\w*"
    r"|disiscri\w*|descadastr\w*|wypis\w*|baja"
)
"""Words for leaving a list of mail, if nothing else is named."""

_DO = (
    r"(e ?mail\w*|mail\w*|call\w*|phone|text|sms|contact\w*|disturb|market\w*|solicit\w*|message"
    r"|write|ring|newsletters?|bulk ?e? ?mail\w*)"
)
_REFUSING = (
    rf"{_LISTS}|opt(s|ed|ing)? ?outs?|spam complain\w*|(reported|marked) (as )?spam"
    rf"|(do(es)? ?n[o']?t|dont|never) ?(be )?((allow|permit)\w*|send|use|receive|want|share|track|{_DO})"
    rf"|no (more |further |bulk |marketing |unsolicited )?({_DO}|calls|texts|promotion\w*|ads|spam)"
    r"|dnc|ndnc|dnd|dncr|c?tps|suppress(ed|ion)?|(black|block|deny|stop|suppression|exclusion) ?list\w*"
    r"|(consent|permission) (revoked|withdrawn|declined|refused|denied)|object(ed|s|ion) to"
    r"|(revoked|withdr[ae]wn?|declined|refused|no) consent"
    # Russian
    r"|отказ\w* (от )?(получ\w+ )?(рассыл|реклам|пис[еь]м|звон|смс|sms|e ?mail|почт|обработ|общ|коммуник"
    r"|контакт|связ|уведом|информ)\w*"
    r"|не (писать|звонить|слать|присылать|отправлять|посылать|беспокоить|тревожить|рассылать|обзванивать"
    r"|контактировать|связываться|рекламировать|предлагать|хочет получать|желает получать|согласен"
    r"|согласна|получать|разреш\w+)"
    r"|(запре\w+|нельзя|против|без|стоп) (на |от |для )?(рассыл|реклам|пис[ае]|письм|звон|смс|sms|e ?mail"
    r"|почт|контакт|связ|коммуник)\w*|(рассылк\w+|реклам\w+|звонки|смс|sms|контакт\w*) запре\w+"
    r"|(черн\w+|стоп) ?(спис|лист)\w*|отозва\w+ соглас\w*|отзыв соглас\w*"
    # German
    r"|keine?n? (e ?mails?|mails?|mailings?|anruf\w*|werbung\w*|newsletter|sms|kontakt\w*|telefon\w*"
    r"|einwilligung|zustimmung)"
    r"|nicht (mehr )?(an(ruf|schreib)en|kontaktier(en|t)|mailen|st(oe|o)ren|bewerben|telefonieren)"
    r"|\w*(werbe|kontakt|mail|telefon|anruf|newsletter|sms|marketing) ?(sperre|verbot|stopp?|sperrvermerk)"
    r"|sperrliste|robinson\w*|\w*wider(spruch|sprochen|rufen)\w*"
    # French
    r"|ne (pas|plus) (appeler|contacter|envoyer|ecrire|demarcher|deranger|solliciter|telephoner|recevoir)"
    r"|(pas|plus) (d[e']? ?)(e ?mails?|mails?|appels?|sms|pub\w*|contact|courriels?|newsletter|prospection"
    r"|demarchage)"
    r"|(refus\w*|oppos\w*) (d[eu'] ?|a |au |aux |la |tout )*(contact|recevoir|e ?mail|mail|sms|appel|demarch"
    r"|prospection|pub|newsletter)\w*|liste (rouge|noire)|bloctel|stop (sms|pub|mail|e ?mail|appel)\w*"
    # Polish
    r"|nie (dzwonic|pisac|wysylac|kontaktowac|przeszkadzac|niepokoic|wyraz\w* zgody)|brak zgody"
    r"|sprzeciw\w*|(zakaz|rezygnacja) (z )?(kontakt|marketing|newsletter|mailing|wysyl|telefon|sms)\w*"
    r"|cofniet\w+ zgod\w+"
    # Portuguese, Spanish, Italian
    r"|nao (ligar|enviar|perturb\w+|contatar|contactar|incomodar|receber|quer|deseja|mandar|telefonar"
    r"|escrever|autoriza\w*|aceita)|no (llamar|enviar|contactar|molestar|recibir|escribir|acepta|autoriza)"
    r"|non (chiamare|contattare|inviare|disturbare|scrivere|acconsente)"
    r"|cancel\w+ (a )?(inscri|subscri|assinatura d)\w*|list[ae] (negra|nera)"
)
_SUBJECT = r"(e ?mails?|mail\w*|marketing|newsletters?|sms|calls?|phones?|contacts?|messages?|updates|list)"
_ALLOWING = (
    r"opt(s|ed|ing)? ?ins?|consent\w*|subscribed|subscri(ption|ber) (status|state)"
    rf"|{_SUBJECT} (subscri\w+|permission|preference|allowed|ok)"
    r"|(e ?mail|mailing|marketing|newsletter|sms) status"
    r"|(accepts?|agree[sd]?|permission|may|can|ok(ay)?|allow(s|ed)?|wants?|receives?) "
    rf"(to |be |we |receive |for |via |by |us )*({_SUBJECT}|e ?mailed|called|contacted)"
    # Russian
    r"|соглас(ие|ия|ен|на|ны)|можно (писать|звонить|слать|отправлять)"
    r"|подпис(ан|ана|чик|ка) на (рассыл|новост|письм|реклам|sms|смс|e ?mail)\w*"
    r"|статус (подписк|рассыл|подписчик)\w*|принимает (рассыл|реклам)\w*"
    r"|разреш\w+ (рассыл|писать|звон|смс|sms|реклам|e ?mail|писем|контакт|связ)\w*"
    r"|(рассылк\w+|реклам\w+|звонки|смс|sms) разреш\w+"
    # German, French, Polish, Portuguese, Spanish, Italian
    r"|\w*einwilligung\w*|\w*zustimmung\w*|werbung erlaubt|darf (kontaktiert|angerufen|angeschrieben)\w*"
    r"|consentement\w*|abonne a la newsletter"
    r"|accepte (d[e'] ?|les |la |le )*(recevoir|e ?mail|sms|appel|newsletter|pub|prospection)\w*|zgod[aey]"
    r"|consentimento|consentimiento|consenso|aceita (receber|e ?mail|sms|contato)\w*"
    r"|acepta (recibir|e ?mail|sms)\w*"
)
_SMELLING = (
    r"opt ?(in|out)|consent|gdpr|dsgvo|rgpd|rodo\b|lgpd|dpdp|can ?spam|152 ?фз|privacy|permission"
    r"|marketing|newsletter|unsub|subscri|suppress|robinson|\bdo ?n[o']?t\b|\bn?dn[cde]\b"
    r"|(black|block|stop) ?list|соглас(ие|ия|ен)|персональн|рассыл|реклам|отпис|подписк|запре[тщ]"
    r"|отказ\w* от|не беспоко|черн\w+ спис|werb(e|ung)|einwillig|datenschutz|widerspr|widerruf|abgemeldet"
    r"|abbestellt|desinscri|desabon|opposition|bloctel|zgod[aey]\b|sprzeciw|wypisan|descadastr|perturb|baja\b"
)
_NEGATED = (
    r"(not|never|nicht|nie|pas|nao|no longer|не) (yet )?(opted out|unsub\w*|subscri\w*|allowed|given|granted"
    r"|confirmed|consent\w*|opted in|отпис\w*|отказ\w*|подпис\w*|abgemeldet|abbestellt|desinscri\w*)"
)
_SAYS_MORE = (
    r"reason|date|time|day|at|on|when|source|by|comment|note|method|причина|дата|время|когда|источник"
    r"|комментарий|grund|datum|am|motif|raison|powod|data|motivo|razao|fecha"
)
"""A column of a refusal in which anything that stands tells that there is one."""

_GIVEN = r"granted|allow(ed)?|active|confirmed|accepted|given|erlaubt|erteilt|accorde|udzielona|concedido"
_DENIED = (
    r"denied|declined|refused|rejected|revoked|withdrawn|inactive|expired|отозван\w*|отказ\w*|verweigert"
    r"|abgelehnt|refuse|retire|odmow\w*|cofniet\w*|recusado|negado|revogado"
)
_YES = re.compile(r"ja|oui|tak|sim|si|wahr|vrai|prawda|verdadeiro|x|v|[✓✔☑✅]|да\b.*|yes\b.*")
_NO = re.compile(r"nein|non|nie|nao|falsch|faux|falsz|falso|[✗✘☒❌]|нет\b.*|no\b.*")
_DATED = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|\d{8}|\b(19|20)\d\d\b")


def _words(text: str) -> str:
    """Words with a space between, of camel case and of snakes too, without case and accents."""
    parted = re.sub(r"(?<=[a-zа-яё])(?=[A-ZА-ЯЁ])", " ", text)
    letters = unicodedata.normalize("NFD", fold(parted).replace("ё", "е").replace("й", "\0"))
    plain = "".join(c for c in letters if not unicodedata.combining(c)).replace("\0", "й")
    spaced = re.sub(r"[^\w']|_", " ", plain.replace("ł", "l").replace("’", "'"))
    return " ".join(re.sub(r"\bdonot(?=\w)", r"\g<0> ", spaced).split())


@lru_cache
def _pattern(texts: str) -> re.Pattern[str]:
    return re.compile(rf"\b({texts})\b")


def _says(texts: str, words: str) -> bool:
    return bool(_pattern(texts).search(words))


def _channels(words: str) -> list[str]:
    return [c for c, pattern in _CHANNELS.items() if _says(pattern, words)]


@lru_cache(maxsize=512)
def column_part(header: str) -> str:
    """The part of `do_not` that a column feeds whose header speaks of refusing or agreeing; "" of others."""
    words = _words(header)
    refuses = _says(_REFUSING, words)
    is_number = re.search(r"\bno\.", header, re.IGNORECASE)  # No. of calls
    if is_number or not (refuses or _says(_ALLOWING, words)) or _says("link|url|ссылк\\w*", words):
        return ""
    found = _channels(words)
    if not found and _says(_ELSEWHERE, words):
        return ""
    if not found and _says(rf"{_LISTS}|subscri\w*|подпис\w*", words):
        found = ["mail"]
    return ("" if refuses else MAY) + (AND.join(found) or ALL)


def smells_of_consent(header: str) -> bool:
    """Whether a column may be about refusing or agreeing, though nobody can be sure what it says."""
    words = _words(header)
    return bool(re.search(_SMELLING, words)) or _says(f"{_REFUSING}|{_ALLOWING}", words)


def refused_by(cell: str, part: str, header: str = "") -> tuple[list[str], list[str]]:
    """The channels that a cell refuses, and those that it allows; ValueError if neither can be read.

    A date or a reason in a column of refusals tells that there is one; what is no plain no in a column
    of consents refuses nothing.
    """
    named = part.removeprefix(MAY)
    channels = [*CONSENT_CHANNELS] if named == ALL else named.split(AND)
    words, is_asking = _words(cell), part.startswith(MAY)
    is_no = _is_refusal(words)
    if is_no is None and (truth := _truth(words, cell)) is not None:
        is_no = truth is not is_asking
    if is_no is not None:
        return (channels, []) if is_no else ([], channels)
    if is_asking:
        return [], []
    if said := _channels(words):
        return said, []
    if _DATED.search(cell) or _says(_SAYS_MORE, _words(header)):
        return channels, []
    raise ValueError(tr("{!r} is neither yes nor no", cell))


def _is_refusal(words: str) -> bool | None:
    """Whether the words of a cell refuse, or allow; None where they are of neither."""
    if negated := _pattern(_NEGATED).search(words):
        return not _says(f"{_REFUSING}|{_DENIED}", negated[0].split(" ", 1)[1])
    if _says(f"{_REFUSING}|{_DENIED}", words):
        return True
    return False if _says(f"{_ALLOWING}|{_GIVEN}", words) else None


def _truth(words: str, cell: str) -> bool | None:
    known = TRUTHS.get(fold(cell))
    if known is not None:
        return known == "yes"
    text = words or cell.strip()
    if _NO.fullmatch(text):
        return False
    return True if _YES.fullmatch(text) else None
