"""What others make of the gateway's OpenAPI document: a validator, the schemas against real replies, and a generated client.

    client.py GATEWAY_URL FOLDER

GATEWAY_URL has a running gateway with the institution bank-a. Nothing of the gateway's own code is used. Ends with an error at the first
disagreement.
"""

import importlib
import json
import subprocess
import sys
import urllib.error
import urllib.request

from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

url, folder = sys.argv[1], sys.argv[2]

TRANSFER = {
    "withdraw_account": "1002345678901",
    "amount": 1234567,
    "deposit_bank": "088",
    "deposit_account": "3333011234567",
    "payee_name": "홍길동",
    "passbook_memo": "rent",
    "check_digits": "253788",
}


def call(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url + path, data=data, method=method)
    try:
        with urllib.request.urlopen(request) as reply:
            return reply.status, reply.headers.get_content_type(), reply.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers.get_content_type(), error.read()


def check(method, path, template=None, body=None, wanted=None):
    """The reply has a documented status, and its body complies with the schema of that status."""
    status, media, text = call(method, path, body)
    assert wanted in (None, status), f"{method} {path}: {status} {text}"
    replies = document["paths"][template or path][method.lower()]["responses"]
    assert str(status) in replies, f"{method} {path}: {status} is not documented"
    content = replies[str(status)]["content"]
    assert media in content, f"{method} {path}: {status} {media} is not documented, only {list(content)}"
    if not media.endswith("json"):
        return text
    value = json.loads(text)
    schema = {**content[media]["schema"], "components": document["components"]}
    faults = [f"{list(fault.path)}: {fault.message}" for fault in Draft202012Validator(schema).iter_errors(value)]
    assert not faults, f"{method} {path}: {faults}"
    return value


document = json.loads(call("GET", "/openapi.json")[2])
validate(document)

# Everything that can be read without a name. This gateway has no alarms.
for path, methods in document["paths"].items():
    if "get" in methods and "{" not in path and path != "/v1/events":
        check("GET", path, wanted=404 if path == "/v1/alarms" else 200)

# Replies with content: answered, unknown, declined, settled by a person, and errors.
exchanges = "/v1/institutions/{institution}/exchanges/{telegram}"
transfer = "/v1/institutions/bank-a/exchanges/Transfer"
answered = check("POST", transfer, body=TRANSFER, wanted=200)
check("POST", transfer, template=exchanges, body=TRANSFER, wanted=200)
check("POST", transfer, body={**TRANSFER, "passbook_memo": "silence"}, wanted=504)
check("POST", transfer, body={**TRANSFER, "amount": "x"}, wanted=422)
check("POST", transfer, body={**TRANSFER, "amont": 1}, wanted=422)
check("POST", "/v1/institutions/bank-b/exchanges/Transfer", template=exchanges, body=TRANSFER, wanted=404)
check("GET", f"/v1/exchanges/{answered['exchange']}", "/v1/exchanges/{id}", wanted=200)
check("GET", f"/v1/exchanges/{answered['exchange']}/view", "/v1/exchanges/{id}/view", wanted=200)
check("GET", "/v1/exchanges/0193", "/v1/exchanges/{id}", wanted=404)
check("GET", "/v1/exchanges?limit=0", "/v1/exchanges", wanted=400)
check("GET", "/v1/institutions/bank-a", "/v1/institutions/{institution}", wanted=200)
check("GET", "/problems/query", "/problems/{code}", wanted=200)
block = {"decision": "block", "note": "wrong fees"}
steer = "/v1/institutions/{institution}/business"
check("POST", "/v1/institutions/bank-a/business", steer, {**block, "note": ""}, wanted=422)
check("POST", "/v1/institutions/bank-a/business", steer, block, wanted=200)
check("POST", transfer, body=TRANSFER, wanted=503)
check("POST", "/v1/institutions/bank-a/business", steer, {"decision": "unblock"}, wanted=200)
check("GET", "/v1/exchanges", wanted=200)

# A client that somebody else's program generated sends a transfer.
with open(f"{folder}/openapi.json", "w") as file:
    json.dump(document, file)
generate = [sys.executable, "-m", "openapi_python_client", "generate", "--path", f"{folder}/openapi.json"]
subprocess.run([*generate, "--output-path", f"{folder}/generated", "--meta", "none"], check=True, stdout=subprocess.DEVNULL)
sys.path.insert(0, folder)
client = importlib.import_module("generated.client").Client(base_url=url)
operation = importlib.import_module("generated.api.telegrams.bank_a_transfer")
models = importlib.import_module("generated.models")
Fields = models.BankATransfer
reply = operation.sync_detailed(client=client, body=Fields.from_dict(TRANSFER), idempotency_key="generated-1")
assert reply.status_code == 200, reply
assert reply.parsed.outcome == "answered", reply.parsed
assert reply.parsed.answer.telegram == "TransferAnswer", reply.parsed
assert reply.parsed.answer.fields.header.response_code == "0000", reply.parsed
assert reply.parsed.answer.fields.amount == TRANSFER["amount"], "the fields of the answer have types"
again = operation.sync_detailed(client=client, body=Fields.from_dict(TRANSFER), idempotency_key="generated-1")
assert again.parsed.exchange == reply.parsed.exchange, "the key names one exchange"
