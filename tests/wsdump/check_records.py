#!/usr/bin/env python3
"""check_records.py SCHEMA < RECORDS: is every record valid, does everything that the schema lists
occur in some record, and are records refused that differ from it? Prints what is not so."""
import collections
import copy
import json
import sys

import jsonschema

WRONG = [{}, "", "\u2603", True, -1, 2**64, 1.5, [0], [[0, -1]], [[0]]]


class Checker:
    def __init__(self, schema):
        jsonschema.Draft202012Validator.check_schema(schema)
        self.schema = schema
        self.valid = jsonschema.Draft202012Validator(schema).is_valid
        self.problems = []
        # What occurs, by the path of the property: "some" or None, and values that are words,
        # flags or small numbers.
        self.seen = collections.defaultdict(set)

    def problem(self, what):
        self.problems.append(what)

    def resolve(self, part):
        if "$ref" in part:
            return {**self.schema["$defs"][part["$ref"].rsplit("/", 1)[1]], **part}
        return part

    def note(self, path, value):
        self.seen[path].add(None if value is None else "some")
        if isinstance(value, str) or is_small(value):
            self.seen[path].add(value)
        if isinstance(value, dict):
            for name, inner in value.items():
                self.note(path + (name,), inner)

    def check_occurs(self, path, part):
        """Every property occurs, with each of its words; and with null where it may have that."""
        part = self.resolve(part)
        expected = set(part.get("enum", ())) | {"some"}
        if "null" in part.get("type", ()):
            expected.add(None)
        if part.get("type") == "boolean":
            expected.update({True, False})
        for value in expected - self.seen[path]:
            self.problem(f"never {value!r}: {'.'.join(path)}")
        for name, inner in part.get("properties", {}).items():
            self.check_occurs(path + (name,), inner)

    def check_refused(self, record):
        """What differs from this valid record in one place is refused."""
        def refused(change, what):
            changed = copy.deepcopy(record)
            change(changed)
            if changed != record and self.valid(changed):
                self.problem(f"{what} is not refused: {json.dumps(changed)[:300]}")

        refused(lambda r: r.update(more=1), "another field")
        refused(lambda r: r.update(record="other"), "another type")
        for name, value in record.items():
            refused(lambda r: r.pop(name), f"a record without {name}")
            for wrong in WRONG:
                if not fits(wrong, value, name):
                    refused(lambda r: r.update({name: wrong}), f"{name} = {wrong!r}")
            if isinstance(value, dict):
                for inner in value:
                    refused(lambda r: r[name].pop(inner), f"{name} without {inner}")
                    refused(lambda r: r[name].update({inner: None}), f"{name}.{inner} = null")
                refused(lambda r: r[name].update(more=1), f"{name} with another field")


def fits(wrong, value, name):
    """Could a record have this in place of its value?"""
    if isinstance(wrong, str) and wrong:  # not as a word, digits, base64, an address or a clause
        return name in ("host", "path", "subprotocol", "extensions", "data", "reason", "text")
    if isinstance(wrong, str):
        return name in ("host", "path", "subprotocol", "extensions", "data", "reason")
    if isinstance(wrong, bool):
        return isinstance(value, bool)
    if wrong == 1.5 or wrong == -1:
        return name == "time" or (name == "rtt" and wrong > 0)
    return wrong == 2**64 and name in ("time", "rtt")


def is_small(value):
    return isinstance(value, int) and value < 16


def shape(record):
    """Records of one shape have the same kinds of values."""
    return (record["record"], record.get("type"), record.get("encoding"),
            tuple((name, type(value).__name__) for name, value in record.items()))


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        checker = Checker(json.load(file))
    shapes = {}
    for line in sys.stdin:
        record = json.loads(line)
        shapes.setdefault(shape(record), record)
        if not checker.valid(record):
            checker.problem("not valid: " + line.rstrip()[:500])
        for name, value in record.items():
            checker.note((record["record"], name), value)
    for variant in checker.schema["oneOf"]:
        variant = checker.resolve(variant)
        for name, part in variant["properties"].items():
            checker.check_occurs((variant["properties"]["record"]["const"], name), part)
    for record in shapes.values():
        checker.check_refused(record)
    print("\n".join(checker.problems[:50]))
    sys.exit(1 if checker.problems or not shapes else 0)


main()
