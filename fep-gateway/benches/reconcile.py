#!/usr/bin/env python3
"""Measures `fep-gateway reconcile` beside DuckDB, in one run: a day of transfers in a journal against a settlement file.

It makes both: a journal whose facts are copies of one real exchange with other numbers, and a file of records. One in a thousand differs.
DuckDB gets the journal's side as a Parquet file with the three columns that are compared, so it decodes no telegram of the journal; it cuts the
records of the settlement file itself. The gateway reads its own journal and checks each field of the file.

    python3 fep-gateway/benches/reconcile.py target/release/fep-gateway [ROWS] [ROUNDS]

It needs the Python package duckdb, and about 1 GB in the temporary folder for a million rows. ROWS is at most 999999, because a trace number has
six digits.
"""

import datetime
import os
import re
import resource
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

ROOT = Path(__file__).resolve().parents[2]
GATEWAY = Path(sys.argv[1]).resolve()
ROWS = int(sys.argv[2]) if len(sys.argv) > 2 else 999_999
ROUNDS = int(sys.argv[3]) if len(sys.argv) > 3 else 5
DATE = "20261126"
# 2026-11-26T12:00:00+09:00, by `date -d … +%s`.
NOON_MS = 1_795_662_000_000


def amount(number):
    return 1000 + number * 7 % 1_000_000


def config(folder):
    text = (ROOT / "fep-gateway/gateway.example.toml").read_text()
    text = text.replace('"../specs/', f'"{ROOT}/specs/').replace("127.0.0.1:8470", "127.0.0.1:18470")
    text = re.sub(r"^(week|holidays|days) ", r"# \1 ", text, flags=re.M)
    (folder / "gateway.toml").write_text(text)
    return str(folder / "gateway.toml")


def telegram(code, response, number):
    header = f"0296FEPTEST01FEPCO001099{code}1001{number:06}{DATE}120000{response:4}T{number:013}{'':30}"
    body = f"{'1002345678901':16}{amount(number):013} {0:013}088{'3333011234567':16}{0:09}{'':20}{'':14}253788{'':89}"
    return (header + body).encode()


def fill(folder):
    """The facts of ROWS answered transfers, one each 10 milliseconds."""
    facts = sqlite3.connect(folder / "journal.sqlite")
    facts.execute("PRAGMA synchronous = OFF")
    first = facts.execute("SELECT coalesce(max(number), 0) + 1 FROM facts").fetchone()[0]

    def rows():
        for number in range(1, ROWS + 1):
            at = NOON_MS + number * 10
            exchange = at.to_bytes(6, "big") + number.to_bytes(3, "big") + b"\0\1"
            key = f'["{number}","{DATE}"]'
            fact = first + 2 * (number - 1)
            yield fact, at, "sent", "request", exchange, "Transfer", str(number), None, key, telegram("0100", "", number), None
            yield fact + 1, at + 5, "received", "answer", exchange, "TransferAnswer", None, "answered", None, telegram("0110", "0000", number), "0000"

    sql = """INSERT INTO facts (number, at_ms, institution, kind, class, line, incarnation, exchange, telegram, trace, outcome, key, bytes, code)
             VALUES (?, ?, 'bank-a', ?, ?, 'main', 1, ?, ?, ?, ?, ?, ?, ?)"""
    facts.executemany(sql, rows())
    facts.commit()
    facts.close()


def settlement(folder):
    total = 0
    with open(folder / "settlement.dat", "w", encoding="ascii") as file:
        file.write(f"HD{DATE}".ljust(60) + "\n")
        for number in range(1, ROWS + 1):
            said = amount(number) + (number % 1000 == 0)
            total += said
            file.write(f"DT{number:07}{number:06}{DATE}{'':14}{said:013}00".ljust(60) + "\n")
        file.write(f"TR{ROWS:07}{total:015}".ljust(60) + "\n")


QUERY = """
WITH there AS (
  SELECT CAST(substr(line, 10, 6) AS INTEGER) AS trace, substr(line, 16, 8) AS sent, CAST(substr(line, 38, 13) AS BIGINT) AS amount
  FROM read_csv('{folder}/settlement.dat', columns = {{'line': 'VARCHAR'}}, header = false, delim = '|', quote = '', escape = '', auto_detect = false)
  WHERE line LIKE 'DT%'
), here AS (SELECT * FROM read_parquet('{folder}/here.parquet'))
SELECT count(*) FILTER (there.amount = here.amount), count(*) FILTER (there.amount <> here.amount),
       count(*) FILTER (here.trace IS NULL), count(*) FILTER (there.trace IS NULL)
FROM there FULL OUTER JOIN here ON there.trace = here.trace AND there.sent = here.sent
"""


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        configured = config(folder)
        gateway = subprocess.Popen([GATEWAY, "run", "--config", configured], stderr=subprocess.DEVNULL)
        while not (folder / "journal.sqlite").exists():
            time.sleep(0.1)
        time.sleep(1)
        gateway.send_signal(signal.SIGTERM)
        gateway.wait()
        fill(folder)
        settlement(folder)
        subprocess.run([GATEWAY, "journal", "rebuild", "--config", configured], check=True)
        duckdb.sql("SET threads = 2")
        duckdb.sql(
            f"COPY (SELECT CAST(range AS INTEGER) AS trace, '{DATE}' AS sent, CAST(1000 + range * 7 % 1000000 AS BIGINT) AS amount "
            f"FROM range(1, {ROWS + 1})) TO '{folder}/here.parquet'"
        )
        ours, theirs = [], []
        for _ in range(ROUNDS):
            begin = time.monotonic()
            command = [GATEWAY, "reconcile", "settlement.dat", "--config", configured, "--institution", "bank-a"]
            done = subprocess.run([*command, "--findings-max", "0"], cwd=folder, capture_output=True, text=True)
            ours.append(time.monotonic() - begin)
            assert done.returncode == 1, done.stderr
            begin = time.monotonic()
            found = duckdb.sql(QUERY.format(folder=folder)).fetchall()[0]
            theirs.append(time.monotonic() - begin)
        differs = ROWS // 1000
        assert found == (ROWS - differs, differs, 0, 0), found
        assert re.search(rf"^matched +{ROWS - differs:,} ", done.stdout, re.M), done.stdout
        assert re.search(rf"^amount differs +{differs:,} ", done.stdout, re.M), done.stdout
        print(f"{datetime.date.today()}, {os.cpu_count()} processors, {ROWS:,} records and {ROWS:,} exchanges, median of {ROUNDS} rounds")
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
        for what, times in [("fep-gateway reconcile", ours), (f"DuckDB {duckdb.__version__}", theirs)]:
            middle = statistics.median(times)
            print(f"{what:24} {middle:6.2f} s  {2 * ROWS / middle / 1000:8.0f} thousand rows of both sides a second")
        ratio = statistics.median(own / other for own, other in zip(ours, theirs))
        print(f"ratio of the times, ours / DuckDB: {ratio:.2f}; peak memory of the gateway's commands (also `journal rebuild`): {peak} MiB")


main()
