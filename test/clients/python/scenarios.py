"""Scenarios of confluent-kafka, which is librdkafka. Arguments: the broker, and the scenario."""

import sys

from admin import admin
from groups import groups
from records import records
from transactions import transactions

SCENARIOS = {
    "records": records,
    "group-classic": lambda broker: groups(broker, "classic"),
    "group-consumer": lambda broker: groups(broker, "consumer"),
    "transactions": transactions,
    "admin": admin,
}

if __name__ == "__main__":
    SCENARIOS[sys.argv[2]](sys.argv[1])
    print("passed")
