"""Cerberus schemas of the definition files, and their errors in Swedish with file, line and nearest spelling."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from typing import Any

from blankettset.templates.carries import CARRIES, MATCH
from blankettset.templates.errors import DefinitionError
from blankettset.templates.strict_yaml import Document

PERIODS = ["VP", "T1", "T2", "VB"]
LEVELS = ["namnd", "enhet"]
GROUPS = ["ekonomi", "verksamhet", "personal", "kontroll"]
UNITS = ["mnkr", "tkr", "kr", "st", "%", "kr/kvm", "kvm", "-"]

RELATIONS = [
    f"BF20{number}" for number in range(1, 10)
]  # the rules that judge relations (validators.rules.siffror.samband)

ID = {"type": "string", "regex": "^[a-z][a-z0-9_]*$"}
PARAMETER_ID = {"type": "string", "regex": r"^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$"}
TEXT = {"type": "string", "minlength": 1}
DATE = {"type": "string", "regex": r"^\d{4}-\d{2}-\d{2}$"}
AMOUNT = {"type": "string", "regex": r"^-?\d+(\.\d+)?$"}
SOURCE = {
    "type": "dict",
    "required": True,
    "schema": {
        "document": {"type": "string", "regex": "^[0-9]{3}$"},
        "place": {**TEXT, "required": True},
        "checked_on": {**DATE, "required": True},
        "note": TEXT,
    },
}
CHOICES = {
    "type": "list",
    "schema": {
        "type": "dict",
        "schema": {
            "id": {**ID, "required": True},
            "label": {**TEXT, "required": True},
            "tone": {"type": "string", "allowed": ["bra", "delvis", "dalig", "neutral"]},
        },
    },
}
TYPES = ["belopp", "tal", "heltal", "procent", "text", "langtext", "matvarde", "datum", "val", "janej"]
FILLED_BY = ["namnd", "slk", "system"]
SIGNS = ["positive", "negative", "either"]

FUNCTION = {
    "type": "dict",
    "schema": {
        "name": {**TEXT, "required": True},
        "args": {"type": "list", "required": True, "schema": TEXT},
    },
}

COLUMN = {
    "id": {**ID, "required": True},
    "label": {**TEXT, "required": True},
    "type": {"type": "string", "allowed": TYPES},
    "unit": {"type": "string", "allowed": UNITS},
    "decimals": {"type": "integer", "min": 0, "max": 4},
    "filled_by": {"type": "string", "allowed": FILLED_BY},
    "required": {"type": "boolean"},
    "blank_means": {"type": "string", "allowed": ["noll", "saknas"]},
    "formula": {**TEXT, "excludes": "function"},
    "function": {**FUNCTION, "excludes": "formula"},
    "sign": {"type": "string", "allowed": SIGNS},
    "positive_means": TEXT,
    "size": {"type": "string", "allowed": ["own", "loose", "to_date"]},
    "choices": CHOICES,
    "choices_from": ID,
    "width": {"type": "integer", "min": 4, "max": 90},
    "summed": {"type": "boolean"},
    "printed": {"type": "boolean"},
    "formerly": {"type": "list", "minlength": 1, "schema": ID},
    "iu": {"type": "boolean"},
    "note": TEXT,
}
ROW = {
    "id": {**ID, "required": True},
    "formerly": {"type": "list", "minlength": 1, "schema": ID},
    "label": {**TEXT, "required": True},
    "sum": TEXT,
    "indikator": TEXT,
    "varav_of": ID,
    "varav": {"type": "string", "allowed": ["full", "partial"], "dependencies": "varav_of"},
    "heading": {"type": "boolean"},
    "italic": {"type": "boolean"},
    "total": {"type": "boolean"},
    "summed": {"type": "boolean"},
    "only_columns": {"type": "list", "schema": ID},
    "except_columns": {"type": "list", "schema": ID, "excludes": "only_columns"},
    "type": {"type": "string", "allowed": TYPES},
    "unit": {"type": "string", "allowed": UNITS},
    "decimals": {"type": "integer", "min": 0, "max": 4},
    "filled_by": {"type": "string", "allowed": FILLED_BY},
    "required": {"type": "boolean"},
    "sign": {"type": "string", "allowed": SIGNS},
    "choices": CHOICES,
    "choices_from": ID,
    "prefill": {"type": "string", "allowed": ["namnd_kod", "namnd_namn", "period", "niva"]},
    "each": {"type": "string", "allowed": ["blankett", "medford"]},
    "note": TEXT,
}
CELL = {
    "row": {**ID, "required": True},
    "column": {**ID, "required": True},
    "formula": {**TEXT, "excludes": ["function", "state"]},
    "function": {**FUNCTION, "excludes": ["formula", "state"]},
    "state": {"type": "string", "allowed": ["ej_tillamplig", "inmatning"], "excludes": ["formula", "function"]},
    "prefill_parameter": {**PARAMETER_ID, "excludes": ["formula", "function"]},
}
RELATION = {
    "code": {"type": "string", "allowed": RELATIONS, "required": True},
    "each": {"type": "dict", "keysrules": ID, "valuesrules": {"type": "list", "schema": {"type": "string"}}},
    "left": {**TEXT, "required": True},
    "right": {**TEXT, "required": True},
    "tolerance": AMOUNT,
    "needs": {"type": "list", "minlength": 1, "schema": TEXT},
    "not_current_is_zero": {"type": "boolean"},
    "text": {**TEXT, "required": True},
    "advice": {**TEXT, "required": True},
}
BLANKETT: dict[str, Any] = {
    "id": {**ID, "required": True},
    "title": {**TEXT, "required": True},
    "sheet": {**TEXT, "required": True},
    "purpose": {**TEXT, "required": True},
    "group": {"type": "string", "allowed": GROUPS, "required": True},
    "order": {"type": "integer", "required": True},
    "kind": {"type": "string", "allowed": ["tabell", "lista"], "required": True},
    "valid_from": {**DATE, "required": True},
    "valid_to": DATE,
    "analogy": {
        "type": "dict",
        "schema": {
            "from": {**DATE, "required": True},
            "periods": {"type": "list", "minlength": 1, "schema": {"type": "string", "allowed": PERIODS}},
            "note": TEXT,
        },
    },
    "periods": {
        "type": "list",
        "minlength": 1,
        "required": True,
        "schema": {"type": "string", "allowed": PERIODS},
    },
    "levels": {
        "type": "list",
        "minlength": 1,
        "required": True,
        "schema": {"type": "string", "allowed": LEVELS},
    },
    "source": SOURCE,
    "amounts": {
        "type": "dict",
        "required": True,
        "schema": {
            "unit": {"type": "string", "allowed": UNITS, "required": True},
            "decimals": {"type": "integer", "min": 0, "max": 4, "required": True},
            "tolerance": {**AMOUNT, "required": True},
        },
    },
    "sign_text": {"type": "string", "required": True},
    "optional": {"type": "boolean"},
    "columns": {
        "type": "list",
        "minlength": 1,
        "required": True,
        "schema": {"type": "dict", "schema": COLUMN},
    },
    "rows": {"type": "list", "schema": {"type": "dict", "schema": ROW}},
    "cells": {"type": "list", "schema": {"type": "dict", "schema": CELL}},
    "spare_rows": {"type": "integer", "min": 1, "max": 20000},
    "key": ID,
    "kf_rows": {"type": "string", "allowed": ["mal", "indikatorer"]},
    "total": {
        "type": "dict",
        "schema": {"label": TEXT, "columns": {"type": "list", "schema": ID, "required": True}},
    },
    "relations": {"type": "list", "schema": {"type": "dict", "schema": RELATION}},
    "notes": {"type": "list", "schema": TEXT},
    "match": MATCH,
    "carries": CARRIES,
}
REGLER: dict[str, Any] = {
    "regler": {
        "type": "list",
        "required": True,
        "schema": {
            "type": "dict",
            "schema": {
                "kod": {"type": "string", "regex": r"^BF\d{3}$", "required": True},
                "values": {
                    "type": "list",
                    "minlength": 1,
                    "required": True,
                    "schema": {
                        "type": "dict",
                        "schema": {
                            "from": {**DATE, "required": True},
                            "bruk": {"type": "string", "allowed": ["prov", "galler"], "required": True},
                            "allvar": {"type": "string", "allowed": ["fel", "varning", "upplysning"]},
                            "source": SOURCE,
                        },
                    },
                },
            },
        },
    }
}

PARAMETERS: dict[str, Any] = {
    "parametrar": {
        "type": "list",
        "required": True,
        "schema": {
            "type": "dict",
            "schema": {
                "id": {**PARAMETER_ID, "required": True},
                "label": {**TEXT, "required": True},
                "unit": {**TEXT, "required": True},
                "values": {
                    "type": "list",
                    "minlength": 1,
                    "required": True,
                    "schema": {
                        "type": "dict",
                        "schema": {
                            "from": {**DATE, "required": True},
                            "to": DATE,
                            "value": {**AMOUNT, "required": True},
                            "source": SOURCE,
                        },
                    },
                },
            },
        },
    }
}
LISTS: dict[str, Any] = {
    "listor": {"type": "dict", "required": True, "keysrules": ID, "valuesrules": CHOICES},
}
GOAL_NUMBER = {"type": "string", "regex": r"^[0-9]+(\.[0-9]+)*$", "required": True}
KF: dict[str, Any] = {
    "mal": {
        "type": "list",
        "required": True,
        "schema": {
            "type": "dict",
            "schema": {
                "nummer": GOAL_NUMBER,
                "niva": {"type": "string", "allowed": ["inriktningsmal", "kf_mal"], "required": True},
                "titel": {**TEXT, "required": True},
                "source": SOURCE,
            },
        },
    },
    "indikatorer": {
        "type": "list",
        "required": True,
        "schema": {
            "type": "dict",
            "schema": {
                "mal": GOAL_NUMBER,
                "namn": {**TEXT, "required": True},
                "arsmal": TEXT,
                "enhet": TEXT,
                "riktning": {"type": "string", "allowed": ["hogre", "lagre", "band", "ingen"], "required": True},
                "period": {"type": "string", "allowed": ["tertial", "halvar", "ar"], "required": True},
                "kon": {"type": "boolean", "required": True},
                "source": SOURCE,
            },
        },
    },
}
NYCKELTAL: dict[str, Any] = {
    "nyckeltal": {
        "type": "list",
        "required": True,
        "schema": {
            "type": "dict",
            "schema": {
                "id": {"type": "string", "regex": "^[A-Z]+$", "required": True},
                "title": {**TEXT, "required": True},
                "indata": {
                    "type": "list",
                    "minlength": 1,
                    "required": True,
                    "schema": {
                        "type": "dict",
                        "schema": {
                            "id": {**ID, "required": True},
                            "label": {**TEXT, "required": True},
                            "note": {**TEXT, "required": True},
                        },
                    },
                },
                "formel": {**TEXT, "required": True},
                "parametrar": {"type": "list", "schema": {"type": "string"}},
                "valid_from": {**DATE, "required": True},
                "source": SOURCE,
            },
        },
    }
}
NAMNDER: dict[str, Any] = {
    "namnder": {
        "type": "list",
        "required": True,
        "schema": {
            "type": "dict",
            "schema": {
                "code": {"type": "string", "regex": "^SDN[0-9A-Z]{2}$", "required": True},
                "name": {**TEXT, "required": True},
                "valid_from": {**DATE, "required": True},
                "valid_to": DATE,
                "successor": {"type": "string"},
                "confirmed": {"type": "boolean", "required": True},
                "source": SOURCE,
            },
        },
    }
}
SET_ID = {"type": "string", "regex": "^20[0-9]{2}-(VP|T1|T2|VB)$", "required": True}
LEVEL = {"type": "string", "allowed": LEVELS, "required": True}
SETS: dict[str, Any] = {
    "perioder": {
        "type": "list",
        "required": True,
        "schema": {
            "type": "dict",
            "schema": {
                "period": {"type": "string", "allowed": PERIODS, "required": True},
                "level": LEVEL,
                "report_date": {"type": "string", "regex": r"^\d{2}-\d{2}$", "required": True},
                "title": {**TEXT, "required": True},
                "after": {**TEXT, "required": True},
            },
        },
    },
    "belagda": {
        "type": "list",
        "required": True,
        "schema": {"type": "dict", "schema": {"id": SET_ID, "level": LEVEL, "source": SOURCE}},
    },
    "provade": {
        "type": "list",
        "required": True,
        "schema": {"type": "dict", "schema": {"id": SET_ID, "level": LEVEL}},
    },
}
WORDS: dict[str, Any] = {
    "source": {**SOURCE, "required": True},
    "ord": {
        "type": "list",
        "required": True,
        "schema": {
            "type": "dict",
            "schema": {
                "id": {"type": "string", "required": True, "regex": r"^[a-zåäö0-9_.%A-Z]+$"},
                "label": {**TEXT, "required": True},
                "ord": {"type": "list", "required": True, "minlength": 1, "schema": {"type": "string"}},
            },
        },
    },
}
SOURCES: dict[str, Any] = {
    "kallor": {
        "type": "dict",
        "required": True,
        "keysrules": {"type": "string", "regex": "^[0-9]{3}$"},
        "valuesrules": {
            "type": "dict",
            "schema": {
                "title": {**TEXT, "required": True},
                "issuer": {**TEXT, "required": True},
                "date": TEXT,
            },
        },
    }
}


def check(document: Document, schema: dict[str, Any]) -> None:
    """Raise DefinitionError for the first mistakes (at most five) in the document, in file order."""
    from cerberus import Validator

    if not isinstance(document.data, dict):
        raise DefinitionError(f"{document.name}, rad 1: filen ska bestå av nycklar och värden.")
    validator = Validator(schema)
    if validator.validate(document.data, normalize=False):
        return
    found = list(_messages(document, validator, validator._errors))
    meant = {text.partition("menade du »")[2].partition("»")[0] for _, text in found if "» finns inte; menade" in text}
    messages = sorted(each for each in found if not any(each[1].endswith(f"nyckeln »{key}» saknas.") for key in meant))
    told = tuple(text for _, text in messages)
    raise DefinitionError("\n".join(told[:5]), told)


def _messages(document: Document, validator: Any, errors: Sequence[Any]) -> Iterator[tuple[int, str]]:
    for error in errors:
        if error.is_group_error and error.child_errors:
            yield from _messages(document, validator, error.child_errors)
            continue
        path = [step for step in error.document_path if step is not None]
        line = document.line(path)
        key = str(path[-1]) if path else "filen"
        yield line, f"{document.name}, rad {line}: {_sentence(key, error, validator)}"


def _sentence(key: str, error: Any, validator: Any) -> str:
    value = error.value
    if error.rule is None:  # unknown key
        accepted = _accepted_keys(validator, error)
        return f"nyckeln »{key}» finns inte{nearest(key, accepted) or '.'}"
    if error.rule == "required":
        return f"nyckeln »{key}» saknas."
    if error.rule == "allowed":
        options = ", ".join(map(str, error.constraint))
        return f"»{key}» är »{value}» men ska vara något av {options}{nearest(str(value), error.constraint) or '.'}"
    if error.rule == "type":
        wanted = {
            "string": "text",
            "integer": "ett heltal",
            "boolean": "true eller false",
            "list": "en lista",
        }
        return f"»{key}» är »{value}» men ska vara {wanted.get(str(error.constraint), 'nycklar och värden')}."
    if error.rule == "regex":
        return f"»{key}» är »{value}», som inte följer mönstret {error.constraint}."
    if error.rule in ("min", "max", "minlength", "maxlength"):
        return f"»{key}» är »{value}», utanför gränsen {error.constraint} ({error.rule})."
    if error.rule == "excludes":
        return f"»{key}» får inte stå tillsammans med {error.constraint}."
    return f"»{key}» är »{value}», vilket inte godtas ({error.rule}: {error.constraint})."


def _accepted_keys(validator: Any, error: Any) -> list[str]:
    schema: Any = validator.schema
    for step in error.document_path[:-1]:
        rules = schema.get(step) if hasattr(schema, "get") and not isinstance(step, int) else schema
        schema = rules.get("schema", rules.get("valuesrules", rules)) if hasattr(rules, "get") else {}
        if hasattr(schema, "get") and isinstance(schema.get("schema"), dict) and schema.get("type") == "dict":
            schema = schema["schema"]
    return [str(key) for key in schema] if hasattr(schema, "__iter__") else []


def nearest(word: str, accepted: Sequence[str]) -> str:
    """ "; menade du »budget»?" when something close exists, else nothing."""
    close = difflib.get_close_matches(word, [str(option) for option in accepted], 1, 0.6)
    return f"; menade du »{close[0]}»?" if close else ""
