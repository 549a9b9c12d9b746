"""The commented configuration that `idr init` writes."""

EXAMPLE = """\
# idr.yml: who is who, in one file. Check it with `idr config check --config idr.yml --db FILE`.
# docs/configuration.md describes every key; what is not required may be left out.
#
# A source is a table or a view of the database given to --db. Files become views, once, in a DuckDB shell:
#   create schema crm;
#   create view crm.customers as select * from read_parquet('exports/customers/*.parquet');
#   create view crm.leads as select * from read_csv('exports/leads.csv');

sources:
  crm:                                # first half of each entity_key, as in crm:4711
    table: crm.customers
    key: customer_id                  # never NULL, one row per key
    watermark: updated_at             # INCR reads what is newer; leave it out to read the table each time
    lookback_minutes: 10              # and what arrived this late
    cap_watermark: true               # a row dated in the future does not hide the rows before it
    deleted_when: is_deleted          # a condition: such rows leave their cluster
    deletes: ignore                   # detect: INCR also looks for rows that vanished
    trust: 1                          # lower is more trusted
    identifiers: {email: email, phone: phone, loyalty: loyalty_id, last_name: last_name, dob: birth_date}
    attributes: {email: email, first_name: first_name, last_name: last_name}
  leads:
    table: crm.leads                  # a name with other signs needs quotes: '"CRM"."My leads"'
    key: id
    trust: 2
    identifiers:                      # a value is a column or a scalar SQL expression in the Snowflake dialect
      email: lower(mail)
      phone: coalesce(mobile, landline)
    attributes: {email: mail}

identifiers:
  email:
    normalize: email                  # phone, name, date, postcode, digits, upper, lower, trim, hash, none
    gmail: true                       # a.nn+shop@gmail.com is ann@gmail.com
    exclude: ["test@test.com", "%@example.com", {regex: "^noreply"}]   # values that never link
    max_per_identity: 5               # more is a conflict
    on_conflict: hold                 # hold: the gate counts it; cut: the weakest links go; report: only a row
  phone: {normalize: phone, region: US, placeholders: ["0000000000", "unknown"]}   # values that mean "nothing"
  loyalty: {normalize: upper, unique: true}   # at most one per identity
  last_name: {normalize: name}
  dob: {normalize: date}

rules:                                # records with equal values of all of `match` are one
  - {id: loyalty, match: [loyalty], priority: 1, max_group_size: 20}   # larger groups are skipped and reported
  - {id: email, match: [email], priority: 2, max_group_size: 20}
  - {id: phone, match: [phone], priority: 3, max_group_size: 20}
  - {id: name_dob, match: [last_name, dob], priority: 4}

survivorship:                         # which value stands in the golden profile
  email: {strategy: source_priority, sources: [crm, leads]}
  last_name: {strategy: most_recent}  # earliest, most_frequent, longest, min, max

guardrails:                           # what a plan may change before a person is asked; null switches one off
  max_moved_ratio: 0.05               # share of the entities that change their identity
  max_cluster_size: 64
  max_merged_clusters: 1000
  max_split_clusters: 1000
  min_source_ratio: 0.8               # a source that shrinks below this share of its last size
  max_skipped_groups: null
  max_conflicts: 0
  suspect_group_factor: 5.0           # a group this many times its rule's usual size is a conflict

settings:
  plan_ttl_minutes: 120               # a dry run's plan may be published this long
  lease_minutes: 60                   # after this long another run may take over
  retention_days: 30                  # how long run records are kept
"""
