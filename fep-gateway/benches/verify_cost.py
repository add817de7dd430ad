#!/usr/bin/env python3
"""Measures what `fep-gateway verify reads` costs the live gateway: its processor time for each request, with and without a verification beside it.

A gateway answers inquiries over HTTP from a simulated bank. Rounds take turns: alone, beside verifications of a candidate that answers, and beside
verifications of a candidate that is silent. Only the processor time of the gateway's own process counts, and the median of the rounds.

    python3 fep-gateway/benches/verify_cost.py target/release/fep-gateway [REQUESTS] [ROUNDS]
"""

import http.client
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GATEWAY = Path(sys.argv[1]).resolve()
REQUESTS = int(sys.argv[2]) if len(sys.argv) > 2 else 4000
ROUNDS = int(sys.argv[3]) if len(sys.argv) > 3 else 7
CALLERS = 8
SPEC = ROOT / "specs/bank-a/bank-a.toml"
QUICK = "title = 'quick'\ntrace = 'header.trace_no'\n[session]\nopen = 'SignOn'\n[answers]\nset = { 'header.response_code' = '0000', balance = 7, available = 7 }\n"
SILENT = QUICK + "[[rules]]\ntelegram = 'BalanceInquiry'\naction = 'silence'\n"


def config(folder, name, http, bank):
    text = (ROOT / "fep-gateway/gateway.example.toml").read_text()
    text = text.replace('"../specs/', f'"{ROOT}/specs/').replace("127.0.0.1:8470", f"127.0.0.1:{http}")
    text = text.replace("127.0.0.1:9000", f"127.0.0.1:{bank}").replace('"journal.sqlite"', f'"{name}.sqlite"')
    text = re.sub(r"^(week|holidays|days|rate_max|rate_window_ms|burst_max|answer_timeout_ms) ", r"# \1 ", text, flags=re.M)
    text = text.replace("[institutions.bank-a]  ", "[institutions.bank-a]\nanswer_timeout_ms = 1000  ", 1)
    (folder / f"{name}.toml").write_text(text)


def processor_ms(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def ask(count):
    link = http.client.HTTPConnection("127.0.0.1", 18570)
    for _ in range(count):
        link.request("POST", "/v1/institutions/bank-a/exchanges/BalanceInquiry", '{"account": "1002345678901"}')
        reply = link.getresponse()
        body = reply.read()
        assert b'"answered"' in body, body


def round_ms(pid):
    before = processor_ms(pid)
    callers = [threading.Thread(target=ask, args=(REQUESTS // CALLERS,)) for _ in range(CALLERS)]
    [caller.start() for caller in callers]
    [caller.join() for caller in callers]
    return (processor_ms(pid) - before) / REQUESTS


def verify(folder, plan, stop, done):
    while not stop.is_set():
        # Each run begins anew, so that it always has requests of the journal to ask.
        shutil.rmtree(folder / plan.stem, ignore_errors=True)
        process = subprocess.Popen([GATEWAY, "verify", "reads", "--plan", plan], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        while process.poll() is None and not stop.wait(0.05):
            pass
        process.terminate()
        done.append(process.communicate()[0].decode().strip().splitlines()[-1:])


def main():
    folder = Path(tempfile.mkdtemp())
    started = []
    start = lambda *arguments: started.append(subprocess.Popen([GATEWAY, *arguments], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
    try:
        for name, text, port in [("quick", QUICK, 19100), ("silent", SILENT, 19102)]:
            (folder / f"{name}.scenario.toml").write_text(text)
            start("simulate", SPEC, "--scenario", f"{name}.scenario.toml", "--listen", f"127.0.0.1:{port}")
        start("simulate", SPEC, "--scenario", "quick.scenario.toml", "--listen", "127.0.0.1:19101")
        config(folder, "live", 18570, 19100)
        config(folder, "good", 18571, 19101)
        config(folder, "silent", 18572, 19102)
        plans = {}
        for name in ["good", "silent"]:
            plans[name] = folder / f"{name}-plan.toml"
            plans[name].write_text(
                f'config = "live.toml"\n[reads]\ninquiries = {{ BalanceInquiry = 100 }}\nfolder = "{name}-plan"\nin_flight_max = 8\n'
                f'candidate = {{ config = "{name}.toml" }}\n'
            )
        time.sleep(1)
        start("run", "--config", "live.toml")
        pid = started[-1].pid
        while subprocess.run([GATEWAY, "health", "--config", "live.toml", "--ready"], cwd=folder, capture_output=True).returncode:
            time.sleep(0.2)
        round_ms(pid)
        time.sleep(2.5)
        results = {"alone": [], "good": [], "silent": []}
        for _ in range(ROUNDS):
            for how in results:
                stop, done = threading.Event(), []
                beside = threading.Thread(target=verify, args=(folder, plans.get(how), stop, done))
                if how != "alone":
                    beside.start()
                    time.sleep(0.5)
                results[how].append(round_ms(pid))
                stop.set()
                if how != "alone":
                    beside.join()
                    print(f"  {how}: {len(done)} runs, the last: {done[-1]}")
        alone = statistics.median(results["alone"])
        for how, figures in results.items():
            median = statistics.median(figures)
            spread = f"{min(figures):.4f} to {max(figures):.4f}"
            print(f"{how:8} {median:.4f} ms of processor time for a request ({spread}), ratio {median / alone:.3f}")
    finally:
        [process.terminate() for process in started]
        shutil.rmtree(folder, ignore_errors=True)


main()
