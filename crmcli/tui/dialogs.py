"""Questions over the board: texts to fill in, one of several to choose, a page to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.events import Key
from textual.screen import ModalScreen
from textual.widgets import Input, Label, OptionList, Static
from textual.widgets.option_list import Option

from crmcli.language import tr

FRAME = """
{} {{ align: center middle; background: transparent; }}
{} > .frame {{ width: auto; min-width: 40; max-width: 90%; height: auto; max-height: 90%;
               border: round ansi_default; padding: 0 1; background: ansi_default; }}
{} Label {{ text-style: bold; max-width: 100%; }}
{} Input, {} Input:focus {{ border: none; border-left: tall ansi_cyan; height: 1; width: 60; max-width: 100%;
            background: ansi_default; padding: 0 1; }}
{} OptionList, {} OptionList:focus {{ border: none; height: auto; max-height: 16; width: auto;
            min-width: 36; background: ansi_default; }}
{} .page {{ width: auto; max-width: 100%; height: auto; }}
{} VerticalScroll {{ scrollbar-size-vertical: 1; scrollbar-color: ansi_cyan;
            scrollbar-background: ansi_default; }}
"""


def _frame(name: str) -> str:
    return FRAME.replace("{}", name).replace("{{", "{").replace("}}", "}")


class Ask(ModalScreen[Mapping[str, str] | None]):
    """Texts to fill in, each with its label; None if it was left."""

    DEFAULT_CSS = _frame("Ask")

    def __init__(self, title: str, fields: Mapping[str, str]) -> None:
        super().__init__()
        self._title, self._fields = title, fields

    def compose(self) -> ComposeResult:
        """A line for each field."""
        with Vertical(classes="frame"):
            yield Label(self._title, markup=False)
            for name, label in self._fields.items():
                yield Static(label, markup=False)
                yield Input(name=name)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter goes to the next line, and from the last one on."""
        inputs = [*self.query(Input)]
        number = inputs.index(event.input)
        if number + 1 < len(inputs):
            inputs[number + 1].focus()
            return
        self.dismiss({one.name: one.value for one in inputs if one.name})

    def on_key(self, event: Key) -> None:
        """Escape leaves all as it was."""
        if event.key == "escape":
            event.stop()
            self.dismiss(None)


class Choose(ModalScreen[str | None]):
    """One of several, by arrows, the mouse or its number; None if it was left."""

    DEFAULT_CSS = _frame("Choose")

    def __init__(self, title: str, options: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._title, self._options = title, options

    def compose(self) -> ComposeResult:
        """A line for each."""
        with Vertical(classes="frame"):
            yield Label(self._title, markup=False)
            yield OptionList(
                *(
                    Option(f"{n} {label}", id=str(n))
                    for n, (_, label) in enumerate(self._options, 1)
                ),
                markup=False,
            )

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """That one."""
        self.dismiss(self._options[event.option_index][0])

    def on_key(self, event: Key) -> None:
        """A number chooses at once."""
        if event.key == "escape":
            event.stop()
            self.dismiss(None)
        elif event.key.isdecimal() and 0 < int(event.key) <= min(9, len(self._options)):
            event.stop()
            self.dismiss(self._options[int(event.key) - 1][0])


class Page(ModalScreen[None]):
    """A text to read, scrolled by arrows or as in less."""

    DEFAULT_CSS = _frame("Page")
    _CLOSE = ("escape", "enter", "q", "question_mark", "ctrl+c")
    _SCROLL: Mapping[str, str] = {
        "j": "down", "k": "up", "g": "home", "G": "end", "space": "page_down", "b": "page_up",
    }  # fmt: skip

    def __init__(self, title: str, text: str) -> None:
        super().__init__()
        self._title, self._text = title, text

    def compose(self) -> ComposeResult:
        """The text, scrolled where it is long."""
        with VerticalScroll(classes="frame"):
            yield Label(self._title, markup=False)
            yield Static(self._text, markup=False, classes="page")

    def on_key(self, event: Key) -> None:
        """Scroll it, or close it."""
        if event.key in self._CLOSE:
            event.stop()
            self.dismiss(None)
        elif way := self._SCROLL.get(event.key):
            getattr(self.query_one(VerticalScroll), f"scroll_{way}")()

    @staticmethod
    def room(wide: int) -> int:
        """The width of its text on so wide a screen, beside borders and the bar."""
        return wide * 9 // 10 - 6

    def put(self, text: str) -> None:
        """Another text in its place."""
        self.query_one(".page", Static).update(text)


def yes_or_no(question: str) -> Choose:
    """A question that is answered by yes or not at all."""
    return Choose(question, [("yes", tr("yes")), ("", tr("no"))])
