"""Installing, upgrading and dropping applications; versions; references."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest
from snowflake.connector import ProgrammingError

from .apps import MANIFEST, SETUP, App
from .conftest import Local

pytestmark = [pytest.mark.snowflake, pytest.mark.slow]
SQL_PROCEDURE = "create procedure core.p() returns int language sql"
PYTHON_PROCEDURE = (
    "create procedure {}.p() returns int language python runtime_version = '3.11' "
    "packages = ('snowflake-snowpark-python') imports = ('{}') handler = 'a.b'"
)
_numbers = count(1)


@pytest.fixture
def app(local: Local, tmp_path: Path) -> Iterator[App]:
    app = App(local, tmp_path, next(_numbers))
    yield app
    local.query(f"drop application if exists {app.name} cascade", f"drop application package {app.package}")


@pytest.fixture(scope="module")
def never_installed(local: Local, tmp_path_factory: pytest.TempPathFactory) -> App:
    """For what is refused: nothing of it stays, so the tests may share it."""
    return App(local, tmp_path_factory.mktemp("refused"), next(_numbers))


def failure(action: Callable[..., object], *arguments: str) -> ProgrammingError:
    with pytest.raises(ProgrammingError) as caught:
        action(*arguments)
    return caught.value


def test_an_application_is_installed_described_and_dropped(app: App) -> None:
    app.install()
    query = app.local.query
    assert query(f"call {app.name}.core.version()") == [("one",)]
    described = dict(query(f"describe application {app.name}"))
    assert (described["source"], described["version"], described["upgrade_state"]) == (
        app.package, "UNVERSIONED", "COMPLETE",
    )  # fmt: skip
    assert [row[1] for row in query(f"show applications like '{app.name}'")] == [app.name]
    assert [row[1] for row in query(f"show application roles in application {app.name}")] == ["READER", "WRITER"]
    query(f"drop application {app.name}")
    assert query(f"show applications like '{app.name}'") == []
    assert query(f"show databases like '{app.name}'") == []


def test_a_failing_setup_script_leaves_nothing_and_names_file_and_statement(app: App) -> None:
    app.deploy(SETUP + "execute immediate from './more/last.sql';", more__last__sql="")
    error = failure(app.create)
    assert error.errno == 93082
    assert "./more/last.sql" in str(error)
    app.deploy(SETUP + "execute immediate from './more.sql';", **{"more.sql": "select 1;\nselect * from nowhere.t;"})
    error = failure(app.create)
    assert error.errno == 93082
    assert "more.sql, statement 2 (select * from nowhere.t)" in str(error)
    assert app.local.query(f"show applications like '{app.name}'") == []
    assert app.local.query(f"show databases like '{app.name}'") == []
    app.install()


def test_a_validation_that_fails_names_file_and_statement_and_leaves_nothing(app: App) -> None:
    app.deploy(SETUP + "select * from nowhere.t;")
    before = app.local.query("show databases")
    [(answer,)] = app.local.query(f"call system$validate_native_app_setup('{app.stage}')")
    [problem] = json.loads(answer)["errors"]
    assert problem["errorCode"] == "093082"
    assert problem["message"].startswith(
        "Failed to execute the setup script. Error in file setup.sql, statement 13 (select * from nowhere.t): "
    )
    assert app.local.query("show databases") == before


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("use schema state", "Unsupported statement type 'USE'"),
        ("use role accountadmin", "Unsupported statement type 'USE'"),
        ("create temporary table state.t (a int)", "TEMPORARY"),
        ("create or replace application role reader", "CREATE OR REPLACE APPLICATION ROLE"),
        ("create task core.t as select 1", "TASK cannot be created in the versioned schema CORE"),
        ("create tag core.t", "TAG cannot be created in the versioned schema CORE"),
        (f"{SQL_PROCEDURE} execute as caller as 'begin return 1; end'", "EXECUTE AS CALLER"),
        (PYTHON_PROCEDURE.format("core", "/missing.zip"), "Unable to find remote file /missing.zip"),
        (PYTHON_PROCEDURE.format("core", "/../x.zip"), "leaves the application"),
        (PYTHON_PROCEDURE.format("core", "@s/x.zip"), "IMPORTS from a named stage"),
        (PYTHON_PROCEDURE.format("state", "/setup.sql"), "IMPORTS outside of a versioned schema"),
    ],
)
def test_a_setup_script_may_not(never_installed: App, statement: str, reason: str) -> None:
    never_installed.deploy(f"{SETUP}{statement};")
    error = failure(never_installed.create)
    assert error.errno == 93082
    assert reason in str(error)


@pytest.mark.parametrize(
    ("manifest", "number", "reason"),
    [
        ("manifest_version: 2\nartifcats: {}", 93301, "unrecognized field 'artifcats'"),
        ("manifest_version: 3", 93302, "'manifest_version' is '3'"),
        ("manifest_version: [", 93300, "not YAML"),
        ("manifest_version: 2\nartifacts: {setup_script: other.sql}", 93003, "'other.sql'"),
        (MANIFEST + "privileges: [{FLY: {description: x}}]", 93302, "'privileges' is 'FLY'"),
        (MANIFEST + "references: [{t: {label: x}}]", 93302, "references.t.description"),
        (MANIFEST + "configuration: {log_level: LOUD}", 93302, "configuration.log_level"),
        (MANIFEST + "lifecycle_callbacks: {version_initializer: nothing}", 93302, "schema.procedure"),
    ],
)
def test_a_wrong_manifest_is_refused(never_installed: App, manifest: str, number: int, reason: str) -> None:
    never_installed.deploy(manifest=manifest)
    error = failure(never_installed.create)
    assert error.errno == number
    assert reason in str(error)
    [(text,)] = never_installed.local.query(f"call system$validate_native_app_setup('{never_installed.stage}')")
    answer = json.loads(text)
    assert answer["status"] == "FAIL"
    assert reason in answer["errors"][0]["message"]


def test_an_upgrade_replaces_code_and_keeps_state_and_grants(app: App) -> None:
    app.install()
    role = f"KEEPS_{app.name}"
    app.local.query(f"create role {role}", f"grant application role {app.name}.reader to role {role}")
    added = SETUP.replace("'one'", "'two'").replace("core.secret", "core.other")
    seen = "grant usage on procedure core.other() to application role reader;"
    app.deploy(added + seen + "insert into state.seen values ('two');")
    app.upgrade()
    assert app.local.query(f"use role {role}", f"call {app.name}.core.version()") == [("two",)]
    assert app.local.query(f"use role {role}", f"select * from {app.name}.state.seen") == [("two",)]
    procedures = app.local.query(f"show procedures in schema {app.name}.core")
    assert sorted(row[1] for row in procedures) == ["OTHER", "VERSION"], "code of the former version is gone"


def test_a_failing_upgrade_leaves_the_former_version(app: App) -> None:
    app.install()
    app.deploy(SETUP.replace("'one'", "'two'") + "select * from nowhere.t;")
    assert failure(app.upgrade).errno == 93082
    assert app.local.query(f"call {app.name}.core.version()") == [("one",)]
    assert dict(app.local.query(f"describe application {app.name}"))["upgrade_state"] == "COMPLETE"


VIEWS = (
    SETUP
    + """
create view if not exists core.kept as select version, {} as release from state.seen;
create view if not exists core.upon as select * from core.kept;
{}
grant select on all views in schema core to application role reader;
grant select on all tables in schema core to application role reader;
"""
)


def test_an_upgrade_leaves_nothing_of_the_former_code(app: App) -> None:
    def relations() -> list[str]:
        return [row[1] for row in app.local.query(f"show terse objects in schema {app.name}.core")]

    app.install(VIEWS.format(1, "create view core.former as select 1 as a; create table core.also (a int);"))
    assert relations() == ["ALSO", "FORMER", "KEPT", "UPON"]
    app.local.query(f"grant application role {app.name}.reader to role public")
    app.deploy(VIEWS.format(2, "insert into state.seen values ('x');"))
    app.upgrade()
    upon = f"select release from {app.name}.core.upon"
    assert app.local.query(upon) == [(2,)]
    assert relations() == ["KEPT", "UPON"]
    app.deploy(VIEWS.format(3, "drop view core.upon; select * from nowhere.t;"))
    assert failure(app.upgrade).errno == 93082
    assert relations() == ["KEPT", "UPON"]
    assert app.local.query("use role public", upon) == [(2,)]


def test_the_initializer_runs_after_install_and_upgrade_and_can_refuse_it(app: App) -> None:
    manifest = MANIFEST + "lifecycle_callbacks: {version_initializer: core.start}"
    start = "create or replace procedure core.start() returns varchar language sql as $$ begin {} return ''; end $$;"
    app.install(SETUP + start.format("insert into state.seen values ('started');"), manifest)
    app.upgrade()
    assert app.local.query(f"select count(*) from {app.name}.state.seen") == [(2,)]
    app.deploy(SETUP.replace("'one'", "'two'") + start.format("select * from nowhere.t;"), manifest)
    assert failure(app.upgrade).errno == 93082
    assert app.local.query(f"call {app.name}.core.version()") == [("one",)]


@pytest.mark.slow
def test_a_crash_in_an_upgrade_brings_the_former_version_back(tmp_path: Path) -> None:
    local = Local(tmp_path / "data")
    local.start()
    app = App(local, tmp_path / "files", 1)
    app.install()
    waiting = (
        "create or replace procedure core.start() returns int language python runtime_version = '3.11' "
        "packages = ('snowflake-snowpark-python') handler = 'run' as "
        "$$\ndef run(session):\n    import time\n    time.sleep(60)\n$$;"
        "grant usage on procedure core.start() to application role reader;"
    )
    manifest = MANIFEST + "lifecycle_callbacks: {version_initializer: core.start}"
    app.deploy(SETUP.replace("'one'", "'two'") + waiting, manifest)
    with closing(local.connect(network_timeout=5)) as connection:
        connection.cursor().execute_async(f"alter application {app.name} upgrade using '{app.stage}'")
        while not local.query(f"show procedures like 'start' in application {app.name}"):
            pass
        local.kill()
    local.start()
    assert local.query(f"call {app.name}.core.version()") == [("one",)]
    assert dict(local.query(f"describe application {app.name}"))["upgrade_state"] == "COMPLETE"
    local.stop()


def test_two_upgrades_at_once_run_one_after_the_other(app: App) -> None:
    app.install()
    app.deploy(SETUP + "insert into state.seen values ('x');")
    with ThreadPoolExecutor() as pool:
        for upgrade in [pool.submit(app.upgrade) for _ in range(2)]:
            upgrade.result()
    assert app.local.query(f"select count(*) from {app.name}.state.seen") == [(2,)]


def test_a_call_during_an_upgrade_waits_for_its_end(app: App) -> None:
    app.install()
    app.deploy(SETUP.replace("'one'", "'two'"))
    answers = []
    with ThreadPoolExecutor() as pool:
        upgrade = pool.submit(app.upgrade)
        while not upgrade.done():
            answers += app.local.query(f"call {app.name}.core.version()")
        upgrade.result()
    assert set(answers) <= {("one",), ("two",)}
    assert app.local.query(f"call {app.name}.core.version()") == [("two",)]


def test_the_application_runs_from_its_own_copy_of_the_files(app: App) -> None:
    procedure = (
        "create or replace procedure core.read() returns varchar language python runtime_version = '3.11' "
        "packages = ('snowflake-snowpark-python') imports = ('/code.py') handler = 'code.run';"
        "grant usage on procedure core.read() to application role reader;"
    )
    app.install(SETUP + procedure, **{"code.py": "def run(session): return 'installed'"})
    app.deploy(SETUP + procedure, **{"code.py": "def run(session): return 'deployed'"})
    assert app.local.query(f"call {app.name}.core.read()") == [("installed",)]
    app.upgrade()
    assert app.local.query(f"call {app.name}.core.read()") == [("deployed",)]


def test_versions_patches_and_the_release_directive(app: App) -> None:
    query, package = app.local.query, app.package
    app.deploy()
    assert failure(query, f"create application {app.name} from application package {package}").errno == 93054
    query(f"alter application package {package} add version v1 using '{app.stage}' label = 'First'")
    app.deploy(SETUP.replace("'one'", "'patched'"))
    [(_, _, patch)] = query(f"alter application package {package} add patch for version v1 using '{app.stage}'")
    assert patch == 1
    shown = query(f"show versions in application package {package}")
    assert [row[:3] for row in shown] == [("V1", 0, "First"), ("V1", 1, None)]
    query(f"alter application package {package} set default release directive version = v1 patch = 0")
    query(f"create application {app.name} from application package {package}")
    assert query(f"call {app.name}.core.version()") == [("one",)]
    query(f"alter application package {package} set default release directive version = v1 patch = 1")
    query(f"alter application {app.name} upgrade")
    assert query(f"call {app.name}.core.version()") == [("patched",)]
    assert failure(query, f"alter application package {package} drop version v1").errno == 93088
    assert failure(app.upgrade).errno == 93046
    query(f"drop application {app.name}", f"alter application package {package} unset default release directive")
    query(f"create application {app.name} from application package {package} using version v1")
    assert dict(query(f"describe application {app.name}"))["patch"] == "1"
    query(f"drop application {app.name}", f"alter application package {package} drop version v1")
    assert query(f"show versions in application package {package}") == []


def test_release_channels_are_absent(app: App) -> None:
    assert failure(app.local.query, f"show release channels in application package {app.package}").errno == 1003


def test_debug_mode_is_refused_with_manifest_version_2(app: App) -> None:
    app.install()
    assert failure(app.local.query, f"alter application {app.name} set debug_mode = true").errno == 93362


REFERENCES = MANIFEST + """
references:
  - tables: {label: T, description: D, privileges: [SELECT], object_type: TABLE, multi_valued: true,
             register_callback: core.register}
"""  # fmt: skip
REGISTER = (
    SETUP
    + """
create or replace procedure core.register(name varchar, handle varchar) returns varchar language sql as
$$ begin select system$add_reference(:name, :handle); return ''; end $$;
grant usage on procedure core.register(varchar, varchar) to application role reader;
create or replace procedure core.aliases() returns varchar language python runtime_version = '3.11'
packages = ('snowflake-snowpark-python') handler = 'run' as
$$
def run(session):
    return session.sql("select system$get_all_references('tables', true)").collect()[0][0]
$$;
grant usage on procedure core.aliases() to application role reader;
create or replace procedure core.total(alias varchar) returns varchar language python runtime_version = '3.11'
packages = ('snowflake-snowpark-python') handler = 'run' as
$$
def run(session, alias):
    return session.sql(f"select sum(a) from reference('tables', '{alias}')").collect()[0][0]
$$;
grant usage on procedure core.total(varchar) to application role reader;
"""
)


def test_a_reference_opens_one_table_to_the_application(app: App, database: str) -> None:
    app.install(REGISTER, REFERENCES)
    query, table = app.local.query, f"{database}.public.t"
    query(f"create table {table} as select 3 as a")
    assert failure(query, f"call {app.name}.core.total('none')").errno == 100357
    assert "No reference is set for reference definition 'TABLES'" in str(
        failure(query, f"call {app.name}.core.total('none')")
    )
    handle = f"system$reference('TABLE', '{table}', 'PERSISTENT', 'SELECT')"
    query(f"call {app.name}.core.register('tables', {handle})")
    [(text,)] = query(f"call {app.name}.core.aliases()")
    [bound] = json.loads(text)
    assert (bound["database"], bound["schema"], bound["name"]) == (database, "PUBLIC", "T")
    assert query(f"call {app.name}.core.total('{bound['alias']}')") == [("3",)]
    assert query(f"show references in application {app.name}")[0][6:] == ("T", "PUBLIC", database, bound["alias"])
    weak = f"system$reference('TABLE', '{table}', 'PERSISTENT', 'INSERT')"
    assert "needs a PERSISTENT reference" in str(failure(query, f"call {app.name}.core.register('tables', {weak})"))
    assert "cannot be found" in str(failure(query, f"call {app.name}.core.register('unknown', {handle})"))
