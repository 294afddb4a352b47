"""The page docs/traffsakerhet.md: what the rules find of planted mistakes, from the measured result in tests/planterade."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from blankettset.validators.registry import RuleInfo

TESTS = Path(__file__).parent.parent / "tests"
RESULT = TESTS / "planterade" / "resultat.json"
Rows = list[dict[str, Any]]


def accuracy_page(rules: Mapping[str, RuleInfo]) -> str:
    """The page, from what was last measured."""
    measured = json.loads(RESULT.read_text(encoding="utf-8"))
    return "\n".join([*_summary(measured), *_kinds(measured["fel"]), *_rules(measured, rules)]) + "\n"


def _summary(measured: dict[str, Any]) -> Iterator[str]:
    rows, calm, clean = measured["fel"], measured["ofarligt"], measured["rena"]
    must = [row for row in rows if row["must"]]
    found = [row for row in must if row["codes"]]
    told = [row["findings"] for row in rows if row["findings"]]
    yield from (
        "# Träffsäkerhet",
        "",
        "Vad kontrollen hittar av fel som är planterade med flit, mätt med fast frö i ifyllda arbetsböcker: de verkliga",
        "redovisningarna, samma siffror förda till andra perioders set, och påhittade nämnder. Varje fel planteras för sig, boken",
        "räknas om som Excel skulle göra, och bara det som inte redan var anmärkt i boken räknas. »Ska hittas» är de fel som något",
        "i boken kan avslöja; ett tal som inte har någon summa, något samband och inga tal bredvid sig kan ingen kontroll se.",
        "Siffrorna mäts med `python -m tests.planterade.measure`; ett test prövar ett urval vid varje ändring.",
        "",
        "| | |",
        "|---|---|",
        f"| planterade fel | {len(rows)} i {len({row['host'] for row in rows})} arbetsböcker, {len({row['kind'] for row in rows})} slag |",
        f"| ska hittas | {len(must)} |",
        f"| hittade vid cellen (bladet, boken) | {len(found)}, {_percent(len(found), len(must))} |",
        f"| därtill hittade som inte måste | {sum(bool(row['codes']) for row in rows if not row['must'])} av {len(rows) - len(must)} |",
        f"| krascher | {sum(bool(row['crashed']) for row in rows)} |",
        f"| fynd per hittat fel, i medeltal | {_decimal(sum(told) / len(told))} |",
        f"| fel som gav ett enda fynd | {_percent(told.count(1), len(told))} |",
        f"| ofarliga ändringar (mellanslag, versaler, eget blad) som gav fel eller varning | {sum(bool(row['codes'] or row['beside']) for row in calm)} av {len(calm)} |",
        f"| rena set där något anmärks | {sum(any('prov' not in code for code in codes) for codes in clean.values())} av {len(clean)}, "
        f"därtill av regler på prov {sum(any('prov' in code for code in codes) for codes in clean.values())} |",
        "",
        "Rena set är set som är uträknade ur sin definition, ur alla layouter och år, där inget anmärks, och påhittade nämnder gjorda ur",
        "Kungsholmens redovisning, där det som anmärks är några tal och texter som har följt med därifrån.",
    )


def _kinds(rows: Rows) -> Iterator[str]:
    yield from (
        "",
        "## Slag av fel",
        "",
        "| slag | planterade | ska hittas | hittade | fynd per fel | hittas av |",
        "|---|---|---|---|---|---|",
    )
    by_kind: dict[str, Rows] = defaultdict(list)
    for row in rows:
        by_kind[row["kind"]].append(row)
    for kind, own in by_kind.items():
        must = [row for row in own if row["must"]]
        told = [row["findings"] for row in own if row["findings"]]
        codes = ", ".join(
            _link(code) for code, _ in Counter(c for row in own for c in set(row["codes"])).most_common(3)
        )
        yield (
            f"| {kind} | {len(own)} | {len(must)} | {sum(bool(row['codes']) for row in must)} | "
            f"{_decimal(sum(told) / len(told)) if told else '–'} | {codes} |"
        )


def _rules(measured: dict[str, Any], rules: Mapping[str, RuleInfo]) -> Iterator[str]:
    yield from (
        "",
        "## Regler",
        "",
        "Planterade är de fel av ett slag som regeln oftast hittar; fall är de exempel i `tests/rules` där regeln ska slå till (när det mättes), som alla",
        "gör det. »Någon annanstans» är fynd som regeln gav på en annan plats än felets, oftast en följd av det.",
        "",
        f"| regel | planterade | hittade vid cellen | någon annanstans | falska larm på {len(measured['rena'])} rena set | fall |",
        "|---|---|---|---|---|---|",
    )
    rows = measured["fel"]
    by_kind: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        by_kind[row["kind"]].update(set(row["codes"]))
    usual = {kind: counted.most_common(1)[0][0] for kind, counted in by_kind.items() if counted}
    missed = Counter(usual.get(row["kind"], "") for row in rows if row["must"] and not row["codes"])
    found = Counter(code for row in rows for code in set(row["codes"]))
    beside = Counter(code for row in rows for code in set(row["beside"]))
    false = Counter(code.removesuffix(" (prov)") for codes in measured["rena"].values() for code in set(codes))
    cases = Counter(measured["fall"])
    for code in rules:
        if found[code] or missed[code] or cases[code]:
            planted = found[code] + missed[code]
            yield f"| {_link(code)} | {planted or '–'} | {found[code] if planted else '–'} | {beside[code] or '–'} | {false[code]} | {cases[code] or '–'} |"


def _link(code: str) -> str:
    return f"[{code}](regler/{code}.md)" if code.startswith("BF") else code


def _percent(part: int, whole: int) -> str:
    return f"{_decimal(100 * part / whole)} %" if whole else "–"


def _decimal(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".").replace(".", ",")
