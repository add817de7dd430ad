"""Calculates the life of the loan of specs/loan-f by its terms, with Python's dates and integers. The simulator's own code has no part in it.

Arguments: the file of holidays, the day of the agreement, the principal, the months, and TURN=DAYS for each turn that is paid that many days after it
is due. Prints one JSON object a turn: {"turn", "due", "paid_on", "part", "interest", "overdue", "balance", "rate"}.
"""

import calendar
import json
import sys
from datetime import date, timedelta

RATE, NEW_RATE, NEW_FROM, LATE = 6000, 5250, date(2031, 7, 1), 3000


def months_later(day, months):
    index = day.year * 12 + day.month - 1 + months
    year, month = index // 12, index % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def workday(day, holidays):
    while day.weekday() >= 5 or day in holidays:
        day += timedelta(days=1)
    return day


def interest(amount, rate, days):
    return amount * rate * days // 36_500_000


def main():
    path, agreed, principal, months = sys.argv[1:5]
    late = dict(tuple(map(int, one.split("="))) for one in sys.argv[5:])
    holidays = {date.fromisoformat(line.strip()) for line in open(path) if line.strip()}
    agreed, balance, months = date.fromisoformat(agreed), int(principal), int(months)
    each, since = balance // months, agreed
    for turn in range(1, months + 1):
        due = workday(months_later(agreed, turn), holidays)
        paid_on = due + timedelta(days=late.get(turn, 0))
        # The day on which the rate falls belongs to the new rate.
        if since < NEW_FROM <= due:
            owed = interest(balance, RATE, (NEW_FROM - since).days) + interest(balance, NEW_RATE, (due - NEW_FROM).days)
        else:
            owed = interest(balance, RATE if due < NEW_FROM else NEW_RATE, (due - since).days)
        rate = NEW_RATE if paid_on >= NEW_FROM else RATE
        part = balance if turn == months else each
        overdue = interest(part + owed, rate + LATE, (paid_on - due).days)
        balance -= part
        since = due
        row = {"turn": turn, "due": due, "paid_on": paid_on, "part": part, "interest": owed, "overdue": overdue, "balance": balance, "rate": rate}
        print(json.dumps(row, default=str))


main()
