"""Names that a definition may use in `function:`, with what each takes. The arithmetic is in workbook.calc.nyckeltal."""

from __future__ import annotations

from collections.abc import Mapping

FUNCTIONS: Mapping[str, tuple[int | None, str]] = {  # None: any number of arguments
    "budgetfoljsamhet": (2, "{0} / {1}, i procent med en decimal; tom när nämnaren är noll"),
    "prognossakerhet": (2, "{0} / {1}, i procent med en decimal; tom när nämnaren är noll"),
    "produkt": (2, "{0} × {1}; tom tills båda är ifyllda"),
    "differens": (2, "{0} − {1}; tom tills båda är ifyllda"),
    "summa_ifyllda": (None, "summan av de ifyllda av {alla}; tom utan någon"),
    "summa_med_forsta": (None, "summan av {alla}; tom tills {0} är ifylld"),
    "medel": (None, "medelvärdet av de månader som är ifyllda; tomt utan någon"),
    "prestationsforandring": (3, "({1} − {0}) × {2} kr, i mnkr; tom tills alla tre är ifyllda"),
    "i_planen": (1, "ja när {0} når gränsen för internkontrollplanen, annars nej; tom utan {0}"),
    "lokalbidrag": (2, "bidrag för hyra {0} kr/kvm på {1} kvm, i tkr"),
    "matvarde_tal": (2, "talet i {0} utan enheten {1}"),
    "forsta_matvarde": (3, "talet i {0}, eller i {1} när {0} är tom, utan enheten {2}"),
    "bedomt_varde": (
        6,
        "talet i {0}, annars i {1} om det inte är ett antal ({3}), utan enheten {2}; ett antal bara när det redan är över {5} och {4} är lägre",
    ),
    "indikatorstatus": (7, "{0} mot {1} efter {6}; vid målet öka eller minska mot {4}"),
    "under_helt": (
        8,
        "antal helt uppfyllda av målen närmast under {0}; saknas bedömda mål, av dess indikatorer och klara aktiviteter",
    ),
    "under_delvis": (8, "antal delvis uppfyllda av målen närmast under {0}, annars av dess indikatorer"),
    "under_ej": (
        8,
        "antal ej uppfyllda av målen närmast under {0}, annars av dess indikatorer och försenade aktiviteter",
    ),
    "malstatus": (3, "helt när {1} och {2} är noll, ej när {0} och {1} är noll, delvis däremellan"),
    "aktivitetslage": (
        2,
        "klar eller i tid enligt {0}, försenad när {1} har passerat rapportdagen utan att den är klar",
    ),
    # only in layouts of earlier days
    "kvot_procent": (2, "{0} / {1}, i procent med en decimal; tom när nämnaren är noll"),
    "bedomt_varde_st": (3, "talet i {0}, annars i {1} om det inte är ett antal (st), utan enheten {2}"),
}
