"""Verifies callbacks with the library of Standard Webhooks, which is not ours. Reads a list of
{"secret", "headers", "body"} and writes a list: true, or why one proves nothing."""

import json
import sys

from standardwebhooks import Webhook


def verified(case):
    try:
        Webhook(case["secret"]).verify(case["body"], case["headers"])
    except Exception as error:
        return str(error)
    return True


json.dump([verified(case) for case in json.load(sys.stdin)], sys.stdout)
