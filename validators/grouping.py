"""One cause, one finding: findings of the same kind on a sheet become one with its places."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from blankettset.templates.model import Blankett
from blankettset.validators.explanations import pools
from blankettset.validators.finding import Finding, Hit, bound_to
from blankettset.validators.registry import RuleInfo, rules

SHOWN = 5  # addresses that the sentence itself names
Kind = tuple[object, ...]


def grouped(findings: Iterable[Finding], forms: Mapping[str, Blankett]) -> list[Finding]:
    """The findings with those of the same kind on the same sheet summed up, each where its first one stood.

    Same kind is the same code, weight, words and explanation. A rule that is one cause on the whole workbook when it is
    found on many sheets becomes one finding there.
    """
    found = list(findings)
    everywhere = _everywhere(found)
    kinds: dict[Kind, list[Finding]] = defaultdict(list)
    warnings = pools(found)
    for finding in found:
        kinds[_kind(finding, everywhere)].append(finding)
    result = []
    for group in kinds.values():
        if len(group) == 1:
            result.append(group[0])
            continue
        info = rules()[group[0].code]
        hits = tuple(hit for finding in group for hit in finding.hits)
        hit = _summed_up(hits, info, forms, whole=group[0].code in everywhere)
        of_code = warnings.get((group[0].code, hit.form or ""), group)
        bound = bound_to(tuple(hit for finding in of_code for hit in finding.hits))
        parts = tuple(msgspec.structs.replace(each, text=_short(each.text, hit, forms)) for each in hits)
        result.append(msgspec.structs.replace(group[0], hit=hit, parts=parts, bound=bound))
    return result


def _everywhere(findings: Sequence[Finding]) -> set[str]:
    sheets: dict[str, set[str | None]] = defaultdict(set)
    for finding in findings:
        sheets[finding.code].add(finding.hit.sheet)
    return {code for code, found in sheets.items() if 0 < rules()[code].across <= len(found)}


def _kind(finding: Finding, everywhere: set[str]) -> Kind:
    hit = finding.hit
    where: tuple[object, ...] = (hit.form, hit.sheet) if finding.code not in everywhere else ()
    return (finding.code, finding.severity, finding.prov, finding.explanation, hit.many, where)


def _summed_up(hits: tuple[Hit, ...], info: RuleInfo, forms: Mapping[str, Blankett], *, whole: bool) -> Hit:
    first = hits[0]
    form = None if whole else forms.get(first.form or "")
    words = first.many or info.many or "{n} ställen följer inte regeln att " + _lower(info.title)
    said = words.replace("{n}", str(len(hits)))
    where = f"{form.title}: " if form is not None else f"Bladet {first.sheet}: " if first.sheet and not whole else ""
    named = list(dict.fromkeys(place for hit in hits if (place := (hit.place if whole else hit.cell) or hit.sheet)))
    more = f" och {len(named) - SHOWN} till" if len(named) > SHOWN else ""
    listed = f" ({', '.join(named[:SHOWN])}{more})" if named and any(hit.cell or whole for hit in hits) else ""
    actions = {hit.action for hit in hits}
    return Hit(
        f"{where}{said}{listed}." if where else f"{said[:1].upper()}{said[1:]}{listed}.",
        first.action if len(actions) == 1 else "Rätta eller förklara varje ställe för sig; listan säger hur.",
        form=form.id if form is not None else None,
        sheet=first.sheet,
        cell=first.cell,
        row=None if whole else first.row,
        column=None if whole else first.column,
    )


def _short(text: str, whole: Hit, forms: Mapping[str, Blankett]) -> str:
    """A place's sentence without the form's name, where the summary has it."""
    form = forms.get(whole.form or "")
    title = form.title if form is not None else ""
    cut = text.removeprefix(f"{title}, ").removeprefix(f"{title}: ") if title else text
    return cut[:1].upper() + cut[1:]


def _lower(title: str) -> str:
    return title[:1].lower() + title[1:]
