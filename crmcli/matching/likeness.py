"""By what the index finds records of which only the name is shared, however that is spelled."""

from __future__ import annotations

from collections.abc import Callable, Iterator

IS_FIRM, IS_PERSON = "firm ", "person "
_IN_TITLE = 2  # words of a lead's title that may be somebody's name


def likeness_keys(text: Callable[[str], str], *, is_firm: bool, is_titled: bool) -> Iterator[str]:
    """The keys of a record, of which `text` gives a folded field, "" if it has none."""
    firms = [text("name"), text("legal_name")] if is_firm else [text("company_name")]
    if any(firms):
        from crmcli.matching.firms import firm_keys, read_firm

        for firm in dict.fromkeys(filter(None, firms)):
            yield from (IS_FIRM + key for key in sorted(firm_keys(read_firm(firm))))
    if is_firm:
        return
    first, last = text("first_name"), text("last_name")
    name = f"{last} {first}" if first and last else text("name")
    count = name.count(" ") + 1
    if count > 1 and (count == _IN_TITLE or not is_titled or (first and last)):
        from crmcli.matching.people import person_keys

        yield from (IS_PERSON + key for key in sorted(person_keys(name)))


def looked_up(text: Callable[[str], str], *, is_firm: bool, is_titled: bool) -> list[str]:
    """The keys by which others are found, who may call somebody of that name otherwise."""
    found = list(dict.fromkeys(likeness_keys(text, is_firm=is_firm, is_titled=is_titled)))
    own = [key.removeprefix(IS_PERSON) for key in found if key.startswith(IS_PERSON)]
    if own and (not is_titled or (text("first_name") and text("last_name"))):
        from crmcli.matching.people import called_otherwise

        found += [IS_PERSON + key for key in sorted(called_otherwise(own))]
    return found
