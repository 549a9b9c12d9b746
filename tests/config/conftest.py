from __future__ import annotations

import pytest

GOOD = """\
sources:
  crm:
    table: crm.customers
    key: customer_id
    watermark: updated_at
    lookback_minutes: 10
    deleted_when: is_deleted
    trust: 1
    identifiers: {email: lower(email), loyalty: loyalty_id, last_name: last_name, dob: birth_date}
    attributes: {email: email, first_name: first_name}
  shop:
    table: shop.orders
    key: order_id
    identifiers: {email: email, phone: "payload:phone::varchar"}
identifiers:
  email: {normalize: email, exclude: ["test@test.com", "%@example.com", {regex: "^x+$"}], max_per_identity: 5}
  phone: {normalize: phone, placeholders: [0000000000, none]}
  loyalty: {normalize: upper, unique: true, placeholders: []}
  last_name: {normalize: name}
  dob: {normalize: date}
rules:
  - {id: loyalty, match: [loyalty], max_group_size: 20}
  - {id: email, match: [email]}
  - {id: name_dob, match: [last_name, dob], priority: 9}
survivorship:
  email: {strategy: source_priority, sources: [shop, crm]}
guardrails: {max_moved_ratio: 0.1, max_cluster_size: null, min_source_ratio: 1}
settings: {lease_minutes: 5}
"""


@pytest.fixture
def good_yaml() -> str:
    return GOOD
