"""Reads the exports of a folder with DuckDB, as a data platform does: each column has the type that the manifest names. stdout: a JSON object
with the newest revision of each exchange, joined with its request, and whether all files agree with their manifests."""
import hashlib
import json
import sys
from pathlib import Path

import duckdb

TYPES = {
    "text": "VARCHAR",
    "integer": "BIGINT",
    "date": "DATE",
    "time": "TIME",
    "timestamp": "TIMESTAMPTZ",
    "local_timestamp": "TIMESTAMP",
    "boolean": "BOOLEAN",
    "hex": "VARCHAR",
    "json": "JSON",
    "hash": "VARCHAR",
}


def type_of(column):
    return f"DECIMAL(38, {column['decimals']})" if column["type"] == "decimal" else TYPES[column["type"]]


def sql_text(text):
    return "'" + str(text).replace("'", "''") + "'"


db = duckdb.connect()
db.sql("SET TimeZone = 'UTC'")
agrees = True
made = set()
facts = []
for folder in sorted(path.parent for path in Path(sys.argv[1]).glob("*/manifest.json")):
    manifest = json.loads((folder / "manifest.json").read_text())
    facts.append((manifest["first_fact"], manifest["last_fact"]))
    for table in manifest["tables"]:
        path = folder / table["file"]
        data = path.read_bytes()
        agrees &= (len(data), hashlib.sha256(data).hexdigest()) == (table["bytes"], table["sha256"])
        columns = ", ".join(f"{sql_text(column['name'])}: {sql_text(type_of(column))}" for column in table["columns"])
        source = f"read_csv({sql_text(path)}, header = true, auto_detect = false, quote = '\"', escape = '\"', columns = {{{columns}}})"
        name = '"' + table["file"].removesuffix(".csv") + '"'
        agrees &= db.sql(f"SELECT count(*) FROM {source}").fetchall()[0][0] == table["rows"]
        for column, total in table["sums"].items():
            summed = db.sql(f'SELECT coalesce(sum("{column}"), 0) FROM {source}').fetchall()[0][0]
            decimals = next(one.get("decimals", 0) for one in table["columns"] if one["name"] == column)
            agrees &= f"{summed:.{decimals}f}" == total
        db.execute(f"INSERT INTO {name} FROM {source}" if name in made else f"CREATE TABLE {name} AS FROM {source}")
        made.add(name)

# No fact is exported twice, and none is left out.
agrees &= all(first == last + 1 for (_, last), (first, _) in zip(facts, facts[1:]))
exchanges = db.sql("""
    WITH newest AS (SELECT * FROM exchanges QUALIFY row_number() OVER (PARTITION BY exchange ORDER BY revision DESC) = 1)
    SELECT exchange, CAST(business_date AS VARCHAR), outcome, response_code, accepted, settled_by,
           CAST(amount AS VARCHAR), passbook_memo, CAST(header__sent_date AS VARCHAR)
    FROM newest JOIN "bank-a.Transfer" ON fep_fact = request_fact ORDER BY request_fact
""").fetchall()
revisions = db.sql("SELECT count(*) FROM exchanges").fetchall()[0][0]
print(json.dumps({"exchanges": exchanges, "agrees": agrees, "revisions": revisions, "facts": [facts[0][0], facts[-1][1]]}))
