"""The pages: a form, its widget, its API. What is sent is kept before it is answered."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, g, jsonify, render_template, request
from werkzeug.exceptions import BadRequest, HTTPException

from crmcli import language
from crmcli.channels.incoming import Unreadable
from crmcli.channels.incoming.form import CONSENT, LARGEST, PAGE, REFERRER, TOKEN, TRAP, posted
from crmcli.dataclass import dataclass
from crmcli.errors import CrmError, NotFound
from crmcli.language import tr
from crmcli.model.form import Form
from crmcli.sales.forms import FieldsWrong, form_named
from crmcli.web import feeds, links, preferences
from crmcli.web.hooks import WebHooks
from crmcli.web.log import log_request
from crmcli.web.posts import Desk, Foreign, TooMany, may_show
from crmcli.web.tokens import UsedBefore
from crmcli.web.writer import TryLater, Writer
from crmcli.workspace import Workspace

COMPLETES = {
    "name": "name", "first_name": "given-name", "last_name": "family-name", "phones": "tel",
    "emails": "email", "company_name": "organization", "position": "organization-title",
    "address": "street-address", "urls": "url",
}  # fmt: skip
"""What browsers know of who fills in a form, by the field of a lead."""


def create_app(
    opened: Callable[[], Workspace], writer: Writer, clock: Callable[[], float] = time.time
) -> Flask:
    """The application; `opened` gives the workspace to whoever reads its configuration."""
    app = Flask(__name__)
    app.config.update(MAX_CONTENT_LENGTH=LARGEST, MAX_FORM_MEMORY_SIZE=LARGEST)
    app.jinja_env.globals.update(tr=tr, ink_on=ink_on, trap=TRAP, completes=COMPLETES)
    pages = Pages(opened, Desk(writer, clock))
    app.add_url_rule("/f/<name>", "page", pages.page, methods=["GET"])
    app.add_url_rule("/f/<name>", "send", pages.send, methods=["POST"])
    app.add_url_rule("/f/<name>.js", "widget", pages.widget, methods=["GET"])
    app.add_url_rule("/api/forms/<name>", "api", pages.api, methods=["GET", "POST", "OPTIONS"])
    hooks = WebHooks(opened, writer)
    for rule in ("/hooks/<channel>", "/hooks/<channel>/<path:rest>"):
        app.add_url_rule(rule, "hooks", hooks.take, methods=["GET", "POST"])
    feeds.register(app, opened)
    links.register(app, opened, writer)
    preferences.register(app, opened, writer)
    app.add_url_rule("/favicon.ico", "icon", lambda: ("", 204))  # browsers ask for it by themselves
    app.add_url_rule("/healthz", "healthz", lambda: _health(writer))
    app.register_error_handler(Exception, pages.failed)
    app.before_request(_begin)
    app.after_request(_headers)
    app.after_request(log_request)
    return app


def _begin() -> None:
    g.began, g.nonce, g.frames, g.cors = time.monotonic(), secrets.token_urlsafe(12), (), ""
    try:
        str(request.url)
    except UnicodeError:  # Host: xn--, which names no host
        raise BadRequest from None


def _health(writer: Writer) -> tuple[Response, int]:
    is_well = writer.is_alive
    return jsonify(ok=is_well), 200 if is_well else 503


def _headers(response: Response) -> Response:
    """What keeps a page from being framed, sniffed or made to run what is not ours."""
    ancestors = " ".join(["'self'", *g.get("frames", ())])
    nonce, leads_to = g.get("nonce", ""), g.get("leads_to", "'self'")
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; img-src 'self' https:;"
        f" form-action {leads_to}; base-uri 'none'; frame-ancestors {ancestors}"
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "strict-origin-when-cross-origin"
    response.headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()"
    response.headers.setdefault("Cache-Control", "no-store")
    if g.get("cors"):
        response.headers["Access-Control-Allow-Origin"] = g.cors
        response.headers["Access-Control-Allow-Methods"] = ",".join(("GET", "POST"))
        response.headers["Access-Control-Allow-Headers"] = "Content-Type"
        response.headers["Vary"] = "Origin"
    return response


@dataclass(frozen=True, slots=True)
class Pages:
    """What each address answers."""

    opened: Callable[[], Workspace]
    desk: Desk

    def _form(self, name: str) -> tuple[Workspace, Form]:
        """A form, in whose language it is spoken from here on."""
        ws = self.opened()
        form = form_named(ws, name)
        g.language = form.language or ws.settings.language
        language.speak(g.language)
        g.frames = (*ws.forms.site.origins, *form.origins)
        if form.redirect:  # browsers hold that against the page, and against where it leads on to
            g.leads_to = f"'self' {urlsplit(form.redirect).scheme}:"
        return ws, form

    def page(self, name: str) -> str:
        """The page of a form, empty."""
        ws, form = self._form(name)
        said = {PAGE: request.args.get(PAGE) or request.url, REFERRER: request.referrer or ""}
        return self._shown(ws, form, {key: text[:2000] for key, text in said.items()})

    def send(self, name: str) -> tuple[str, int] | Response:
        """Take in what was sent; else show the page with what is wrong, and what was filled in."""
        ws, form = self._form(name)
        content, said = _posted()
        try:
            self.desk.take(ws, form, content, said, request)
        except FieldsWrong as error:
            told, token = tr("Please check what is marked."), said.get(TOKEN, "")
            return self._shown(ws, form, said, error.wrong, told, token=token), 422
        except UsedBefore:
            return self._shown(ws, form, said, message=_again()), 409
        except TryLater:
            return self._shown(ws, form, said, message=_later(), token=said.get(TOKEN, "")), 503
        if form.redirect and not request.args.get("embed"):
            return Response(status=303, headers={"Location": form.redirect})
        return self._drawn(ws, form, "thanks.html", thanks=form.thanks or _thanks(),
                           redirect=form.redirect), 200  # fmt: skip

    def _shown(
        self, ws: Workspace, form: Form, said: Mapping[str, str], wrong: Mapping[str, str] | None = None,
        message: str = "", token: str = "",
    ) -> str:  # fmt: skip
        token = token or self.desk.new_token(form)
        hidden = {TOKEN: token, PAGE: said.get(PAGE, ""), REFERRER: said.get(REFERRER, "")}
        return self._drawn(ws, form, "form.html", said=said, wrong=wrong or {}, message=message,
                           hidden=hidden, consent_name=CONSENT)  # fmt: skip

    def _drawn(self, ws: Workspace, form: Form, template: str, **names: Any) -> str:
        spoken = form.language or ws.settings.language
        return render_template(
            template, form=form, site=ws.forms.site, us=ws.settings.us, lang=spoken, nonce=g.nonce,
            words=_words(),
            is_embedded=bool(request.args.get("embed")), **names,
        )  # fmt: skip

    def widget(self, name: str) -> Response:
        """The script that puts the form into any page, where it stands."""
        _, form = self._form(name)
        where = f"{request.host_url}f/{form.id}"
        text = render_template(
            "widget.js", where=where, title=form.title, name=form.id,
            origins=[request.host_url.rstrip("/"), *g.frames],
            foreign=tr("crm shows this form only on the sites among origins: of forms.yaml, not on "),
        )  # fmt: skip
        response = Response(text, mimetype="text/javascript")
        response.headers["Cache-Control"] = "max-age=300"
        return response

    def api(self, name: str) -> tuple[Response, int]:
        """The form for programs: GET tells its fields with a token, POST takes it in."""
        ws, form = self._form(name)
        origin = request.headers.get("Origin", "")
        if origin and may_show(origin, request.host, g.frames):
            g.cors = origin
        if request.method == "OPTIONS":
            return jsonify(), 204
        if request.method == "GET":
            return jsonify(_told(form) | {"token": self.desk.new_token(form)}), 200
        content, said = _posted()
        try:
            self.desk.take(ws, form, content, said, request)
        except FieldsWrong as error:
            return jsonify(errors=dict(error.wrong)), 422
        except UsedBefore:
            return jsonify(error=_again(), token=self.desk.new_token(form)), 409
        return jsonify(thanks=form.thanks or _thanks(), redirect=form.redirect), 201

    def failed(self, error: Exception) -> tuple[Response | str, int]:
        """What is said where something cannot be answered; never what it was."""
        status, site, us = _status(error), None, None
        with suppress(CrmError, OSError):  # what cannot even be configured is said plainly
            ws = self.opened()
            language.speak(
                g.get("language") or ws.settings.language
            )  # not that of who was here before
            site, us = ws.forms.site, ws.settings.us
        message = _said(status)
        if request.path.startswith("/api/"):
            return jsonify(error=message), status
        names = {"message": message, "lang": language.spoken(), "nonce": g.nonce}
        return render_template("failed.html", site=site, us=us, **names), status


def _again() -> str:
    return tr(
        "This page was open for too long, or the form was sent before. To send it, press the button once"
        " more."
    )


def _later() -> str:
    return tr("We could not take it just now. Please press the button once more in a minute.")


def _thanks() -> str:
    return tr("Thank you! We will get in touch with you.")


def _said(status: int) -> str:
    """What is said where there is no page to show."""
    if status == 503:
        return _later()
    known = {
        400: tr("This form cannot be read."),
        403: tr("This form is not shown on that site."),
        404: tr("There is no such page."),
        413: tr("That is too much for a form."),
        429: tr("Too many forms at once. Please try again in a minute."),
    }
    return known.get(status) or tr("Something went wrong. Please try again later.")


def _words() -> dict[str, str]:
    """What the templates say by themselves."""
    return {
        "send": tr("Send"),
        "optional": tr("(optional)"),
        "more": tr("read more"),
        "choose": tr("Choose…"),
        "empty": tr("Leave this empty"),
    }


def _posted() -> tuple[bytes, dict[str, str]]:
    """What was sent, as it came and by name; Unreadable if it is no form."""
    if request.mimetype.startswith("multipart/"):
        raise Unreadable("a form with files", "send it without files")
    content = request.get_data()
    return content, posted(content)


def ink_on(color: str) -> str:
    """The colour of letters that are read well on that one."""
    red, green, blue = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    light = sum(
        share * (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4)
        for share, part in ((0.2126, red), (0.7152, green), (0.0722, blue))
    )
    return "#000000" if light > 0.179 else "#ffffff"


def _status(error: Exception) -> int:
    known = ((NotFound, 404), (Foreign, 403), (TooMany, 429), (Unreadable, 400), (TryLater, 503))
    if isinstance(error, HTTPException):
        return error.code or 500
    status = next((code for kind, code in known if isinstance(error, kind)), 500)
    if status == 500:
        g.fault = error
    return 503 if isinstance(error, CrmError) and status == 500 else status


def _told(form: Form) -> dict[str, Any]:
    fields = [
        {"name": one.name, "label": one.label, "type": one.type, "required": one.required,
         "hint": one.hint, "options": dict(one.options)}
        for one in form.fields
    ]  # fmt: skip
    consent = {"name": CONSENT, "text": form.consent.text, "link": form.consent.link,
               "required": form.consent.required}  # fmt: skip
    return {"form": form.id, "title": form.title, "text": form.text, "fields": fields,
            "consent": consent if form.consent.text else None}  # fmt: skip
