"""The commented configuration that `idr init` writes."""

EXAMPLE = """\
# idr.yml: who is who, in one file. Check it with `idr config check --config idr.yml --db FILE`.
#
# A source is a table or a view of the database given to --db. Files become views, once, in a DuckDB shell:
#   create schema crm;
#   create view crm.customers as select * from read_parquet('customers/*.parquet');
#   create view crm.leads as select * from read_csv('leads.csv');

sources:
  crm:                                # first half of each entity_key, as in crm:4711
    table: crm.customers
    key: customer_id                  # never NULL, one row per key
    watermark: updated_at             # INCR reads what is newer; leave it out to read the table each time
    lookback_minutes: 10              # and what arrived this late
    deleted_when: is_deleted          # a condition: such rows leave their cluster
    trust: 1                          # lower is more trusted
    identifiers: {email: email, phone: phone, last_name: last_name, dob: birth_date}
    attributes: {email: email, first_name: first_name, last_name: last_name}

identifiers:
  email: {normalize: email, exclude: ["test@test.com", "%@example.com"], max_per_identity: 5}
  phone: {normalize: phone, region: US}
  last_name: {normalize: name}
  dob: {normalize: date}

rules:                                # records with equal values of all of `match` are one
  - {id: email, match: [email], max_group_size: 20}
  - {id: phone, match: [phone], max_group_size: 20}
  - {id: name_dob, match: [last_name, dob]}

survivorship:
  email: {strategy: most_recent}      # earliest, source_priority, most_frequent, longest, min, max

guardrails: {max_moved_ratio: 0.05, max_cluster_size: 64, max_merged_clusters: 1000, min_source_ratio: 0.8}
"""
