"""Whole resolvers as their first pages teach them: from records to the cluster of each id."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import duckdb

from benchmarks.known import Known
from idr import run, schema
from idr.config import store, yaml_file
from idr.warehouse.duckdb import DuckDBWarehouse

QUESTIONS = 50
Clusters = dict[str, object]


def idr(known: Known, _seed: int) -> Clusters:
    connection = duckdb.connect()
    connection.register("frame", known.records)
    connection.execute("create table records as select * from frame")
    wh = DuckDBWarehouse(connection)
    schema.install(wh)
    store.apply(wh, yaml_file.load_text(known.idr))
    result = run.run(wh, "FULL")
    if result["status"] not in ("SUCCESS", "SUCCESS_WITH_WARNINGS"):
        raise SystemExit(f"{result['status']}: {result['message']} {result['reasons']} {result['error']}")
    rows = wh.query("select entity_key, resolved_id from idr_out.identity_resolved_membership_current")
    return {row["entity_key"].partition(":")[2]: row["resolved_id"] for row in rows}


def splink(known: Known, seed: int) -> Clusters:
    """Trained without labels; predictions from 0.5, clusters from 0.9."""
    from splink import DuckDBAPI, Linker, SettingsCreator

    told = known.splink()
    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="id",
        comparisons=told["comparisons"],
        blocking_rules_to_generate_predictions=told["blocking"],
    )
    api = DuckDBAPI(connection=duckdb.connect())
    linker = Linker(api.register(known.records), settings, log_level="ERROR")
    linker.training.estimate_probability_two_random_records_match(told["certain"], recall=0.7)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=seed)
    for rule in told["training"]:
        linker.training.estimate_parameters_using_expectation_maximisation(rule)
    predictions = linker.inference.predict(threshold_match_probability=0.5)
    clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(predictions, threshold_match_probability=0.9)
    return dict(clusters.as_duckdbpyrelation().project("id, cluster_id").fetchall())


def dedupe(known: Known, seed: int) -> Clusters:
    """Trained by the answers to the questions that it asks; the truth answers, as a person would."""
    import random

    import numpy as np
    from dedupe import Dedupe
    from dedupe.variables import String

    random.seed(seed)
    np.random.seed(seed)
    records = {record["id"]: record for record in known.records.to_dict("records")}
    fields = [String(name, has_missing=True) for name in known.fields]
    deduper = Dedupe(fields, num_cores=1)
    deduper.prepare_training(records, sample_size=2000)
    for _ in range(QUESTIONS):
        [(left, right)] = deduper.uncertain_pairs()
        is_match = known.truth[left["id"]] == known.truth[right["id"]]
        deduper.mark_pairs(
            {"match": [(left, right)] if is_match else [], "distinct": [] if is_match else [(left, right)]}
        )
    deduper.train()
    found = deduper.partition(records, threshold=0.5)
    return dict(
        itertools.chain.from_iterable(((key, number) for key in keys) for number, (keys, _) in enumerate(found))
    )


RESOLVERS: dict[str, Callable[[Known, int], Clusters]] = {
    resolver.__name__: resolver for resolver in (idr, splink, dedupe)
}
