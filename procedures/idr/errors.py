"""Every error that a user can meet: one class, one catalogue of stable codes.

`docs/errors.md` has a section per code; a test compares the two.
"""

from __future__ import annotations

from dataclasses import dataclass

CODES: dict[str, str] = {
    # 1xx configuration
    "IDR-101": "the configuration is not valid YAML",
    "IDR-102": "unknown key in the configuration",
    "IDR-103": "column not found in a source",
    "IDR-104": "source table not found",
    "IDR-105": "a value has the wrong type or is out of range",
    "IDR-106": "a required key is missing",
    "IDR-107": "an expression uses something outside the allow-list",
    "IDR-108": "an expression does not parse",
    "IDR-109": "a name refers to something that is not defined",
    "IDR-110": "a name is defined twice",
    "IDR-111": "a name is not allowed",
    "IDR-112": "the configuration file cannot be read",
    "IDR-113": "there is no configuration to run on",
    "IDR-114": "a column's type cannot be used here",
    "IDR-115": "the configuration tables were edited into an invalid state",
    "IDR-116": "no configuration can be proposed",
    # 2xx data
    "IDR-201": "a source has rows without a key",
    "IDR-202": "a source has several rows with one key",
    "IDR-203": "a source has rows dated after the run's clock",
    # 3xx resolution
    "IDR-301": "components did not converge within max_iters rounds",
    "IDR-302": "a plan broke one of its own invariants",
    # 4xx runs and plans
    "IDR-401": "another run holds the lock",
    "IDR-402": "no such plan",
    "IDR-403": "the plan is out of date",
    "IDR-404": "the plan was already published",
    "IDR-405": "the run lost its lease",
    "IDR-406": "invalid run argument",
    "IDR-407": "unknown entity or resolved id",
    "IDR-408": "the truth file cannot be used",
    "IDR-409": "an override says nothing new",
    "IDR-410": "no such override",
    "IDR-411": "an override contradicts another",
    "IDR-412": "the record was erased",
    "IDR-413": "no such published run",
    # 5xx engine
    "IDR-501": "the database refused a statement",
    "IDR-502": "the database file is locked by another process",
    "IDR-503": "the database file cannot be opened",
    "IDR-504": "a run was interrupted before it finished",
    "IDR-505": "a procedure was called inside an open transaction",
    "IDR-506": "the tables were made by a newer version",
    "IDR-599": "an unexpected failure inside IDR",
    # 6xx schedule
    "IDR-601": "an option of the schedule is wrong",
}


_MOST = 100
_ONE_LINE = {ord("\n"): "\\n", ord("\r"): "\\r"}  # a value from a file must not look like a line of its own


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: what (`message`), where (`where`) and how to mend it (`fix`)."""

    code: str
    message: str
    where: str = ""
    fix: str = ""

    def __str__(self) -> str:
        place = f" {self.where}:" if self.where else ""
        mend = f" {self.fix}" if self.fix else ""
        return f"{self.code}{place} {self.message}.{mend}".translate(_ONE_LINE)


class IdrError(Exception):
    """A failure that a user can understand; carries one or more `Problem`s, the first names its code."""

    def __init__(self, *problems: Problem) -> None:
        if not problems:
            raise ValueError("an IdrError needs at least one problem")
        for problem in problems:
            if problem.code not in CODES:
                raise ValueError(f"{problem.code} is not in the catalogue")
        if len(problems) > _MOST:
            more = f"there are {len(problems) - _MOST:,} more problems"
            problems = (*problems[:_MOST], Problem(problems[_MOST].code, more, fix="Mend these first"))
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems

    @property
    def code(self) -> str:
        return self.problems[0].code

    @classmethod
    def of(cls, code: str, message: str, *, where: str = "", fix: str = "") -> IdrError:
        return cls(Problem(code, message, where, fix))
