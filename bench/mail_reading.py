"""What is read right of the corpus of mail, beside flufl.bounce alone and RFC 3464 alone.

python bench/mail_reading.py
"""

from __future__ import annotations

import sys
import time
from email import message_from_bytes
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from flufl.bounce import all_failures

from crmcli.channels.incoming_mail import read
from tests.channels.incoming_mail.corpus import cases
from tests.channels.incoming_mail.test_corpus import JUDGED, wrong


def by_flufl(data: bytes) -> bool:
    return any(all_failures(message_from_bytes(data)))


def by_report(data: bytes) -> bool:
    parts = message_from_bytes(data).walk()
    return any(part.get_content_type() == "message/delivery-status" for part in parts)


def main() -> None:
    corpus = cases()
    counts = {
        kind: sum(case.kind == kind for case in corpus) for kind in ("reply", "automatic", "bounce")
    }
    print("corpus:", ", ".join(f"{count} {kind}" for kind, count in counts.items()))
    for what, (kinds, is_right, goal) in JUDGED.items():
        share, missed = wrong(kinds, is_right)
        print(f"{what:<36}{share:>7.1%}   goal {goal:.0%}   {', '.join(missed[:5])}")
    lost = [case for case in corpus if case.kind == "bounce"]
    for name, finds in (("flufl.bounce alone", by_flufl), ("RFC 3464 alone", by_report)):
        print(
            f"{'bounces found by ' + name:<36}{sum(finds(case.data) for case in lost) / len(lost):>7.1%}"
        )
    start = time.perf_counter()
    for case in corpus:
        read(case.data)
    print(f"{'a message':<36}{(time.perf_counter() - start) / len(corpus) * 1000:>6.1f} ms")


if __name__ == "__main__":
    main()
