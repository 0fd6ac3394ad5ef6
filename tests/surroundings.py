"""What tests take for granted of the process in which they run, whatever it was started with."""

from __future__ import annotations

import os
import signal
import time

GIVEN = {
    "LANG": "C.UTF-8", "TZ": "UTC", "TERM": "xterm", "COLUMNS": "100", "NO_COLOR": "1", "PAGER": "cat",
    "LOGNAME": "tester", "USER": "tester", "CRM_LANG": "en", "GIT_CONFIG_NOSYSTEM": "1",
}  # fmt: skip
_OTHERS = ("CRM_", "GIT_", "LC_", "LANG", "LESS", "XDG_")
_OTHER = (
    "VISUAL",
    "EDITOR",
    "CLICOLOR_FORCE",
    "FORCE_COLOR",
    "COLORTERM",
    "SUDO_UID",
    "LINES",
    "HOME",
)
_IGNORED = (signal.SIGPIPE, signal.SIGXFSZ)
"""What Python itself ignores."""


def settle() -> None:
    """Have the signals, the umask, the locale, the time zone and the terminal that every test has."""
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP, signal.SIGINT}:
        if signal.getsignal(number) is signal.SIG_IGN and number not in _IGNORED:
            signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.umask(0o022)
    for name in list(os.environ):
        if name.startswith(_OTHERS) or name in _OTHER:
            del os.environ[name]
    os.environ.update(GIVEN)
    time.tzset()
