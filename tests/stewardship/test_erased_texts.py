"""What an erasure changes in texts that people and runs wrote: words, never parts of words."""

from __future__ import annotations

import json

from idr import overrides
from idr.run import forget
from tests.resolution.shop import NOW, Shop


def test_a_word_that_contains_a_value_of_the_record_stays() -> None:
    shop = Shop()
    shop.add((1, "a@x.org", None, "Anna", NOW), (2, "b@x.org", None, "b", NOW), (3, "c@x.org", None, "c", NOW))
    shop.add((4, "d@x.org", None, "d", NOW))
    shop.run("FULL")
    for a, b, reason in ((2, 3, "says Susanna"), (3, 4, "says Anna, says Susanna")):
        overrides.add(shop.wh, overrides.UNLINK, f"shop:{a}", f"shop:{b}", reason, "ann", shop.now)
    receipt = forget(shop.wh, "shop:1", clock=lambda: shop.now)
    assert receipt["status"] == "SUCCESS"
    reasons = shop.query("select reason from idr_meta.identity_override order by entity_a")
    assert reasons == [("says Susanna",), ("says [erased], says Susanna",)]
    assert receipt["rows"]["texts"] == 1


def test_a_value_of_three_letters_is_a_word_like_others() -> None:
    """Taken out everywhere it would tear texts apart that tell of somebody else."""
    shop = Shop()
    shop.add((1, "a@x.org", "4711", "Lee", NOW), (2, "b@x.org", None, "b", NOW), (3, "c@x.org", None, "c", NOW))
    shop.run("FULL")
    overrides.add(shop.wh, overrides.UNLINK, "shop:2", "shop:3", "Lee called from 4711", "ann", shop.now)
    forget(shop.wh, "shop:1", clock=lambda: shop.now)
    assert shop.query("select reason from idr_meta.identity_override") == [("Lee called from [erased]",)]


def test_a_value_is_found_in_the_middle_of_a_text_that_json_escapes() -> None:
    shop = Shop()
    shop.add((1, "a@x.org", None, 'Zoë "Zo" Å', NOW), (2, "b@x.org", None, "b", NOW))
    run = shop.run("FULL")["run_id"]
    for told in ('call Zoë "Zo" Å today', 'Zoë "Zo" Å', "Zoë Å"):
        shop.query("update idr_out.run_history set warnings = ? where run_id = ?", json.dumps([told]), run)
        shop.query("delete from idr_meta.tombstone")
        shop.query("update shop.people set upd = upd + interval 1 minute")
        shop.run("FULL")
        receipt = forget(shop.wh, "shop:1", clock=lambda: shop.now)
        [(text,)] = shop.query("select warnings from idr_out.run_history where run_id = ?", run)
        assert json.loads(text) == [told.replace('Zoë "Zo" Å', "[erased]")]
        assert receipt["rows"]["texts"] == int("Zo" in told and '"' in told)


def test_only_texts_that_were_changed_are_counted() -> None:
    shop = Shop()
    shop.add((1, "a@x.org", None, "Anna", NOW), (2, "b@x.org", None, "b", NOW), (3, "c@x.org", None, "c", NOW))
    shop.run("FULL")
    assert forget(shop.wh, "shop:1", clock=lambda: shop.now)["rows"]["texts"] == 0


def test_the_record_is_taken_out_of_lists_of_examples_wherever_it_stands_in_them() -> None:
    shop = Shop()
    shop.add((1, "a@x.org", None, "Anna", NOW), (2, "b@x.org", None, "b", NOW))
    shop.run("FULL")
    lists = ("shop:1", "shop:1, shop:2", "shop:2, shop:1", "shop:2, shop:1, shop:3", "shop:11, shop:2")
    for number, keys in enumerate(lists):
        columns = "rule_id, match_key, sample_entity_keys"
        shop.query(f"insert into idr_out.skipped_identifier_groups ({columns}) values ('email', ?, ?)", number, keys)
    forget(shop.wh, "shop:1", clock=lambda: shop.now)
    left = shop.query("select sample_entity_keys from idr_out.skipped_identifier_groups order by match_key")
    assert left == [(None,), ("shop:2",), ("shop:2",), ("shop:2, shop:3",), ("shop:11, shop:2",)]
