"""Holds events against the types of events.py, with nothing but the standard library.

Stricter than a type checker that widens: a value must be exactly what its type says, and the events whose case says so
must fail.
"""

import json
import sys
import types
import typing

import events


def fits(value, wanted):
    """Whether a value is of a type."""
    origin, arguments = typing.get_origin(wanted), typing.get_args(wanted)
    if wanted is typing.Any:
        return True
    if wanted is None or wanted is type(None):
        return value is None
    if origin in (typing.Required, typing.NotRequired):
        return fits(value, arguments[0])
    if origin in (typing.Union, types.UnionType):
        return any(fits(value, each) for each in arguments)
    if origin is typing.Literal:
        return any(type(value) is type(each) and value == each for each in arguments)
    if origin is list:
        return isinstance(value, list) and all(fits(each, arguments[0]) for each in value)
    if origin is dict:
        return isinstance(value, dict) and all(fits(each, arguments[1]) for each in value.values())
    if typing.is_typeddict(wanted):
        hints = typing.get_type_hints(wanted, include_extras=True)
        return (
            isinstance(value, dict)
            and wanted.__required_keys__ <= value.keys() <= hints.keys()
            and all(fits(each, hints[name]) for name, each in value.items())
        )
    if wanted is float:
        return type(value) in (int, float)
    return type(value) is wanted


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        cases = json.load(file)
    wrong = [case for case in cases if fits(case["event"], events.Event) != case["fits"]]
    for case in wrong:
        print("should fit" if case["fits"] else "should not fit", json.dumps(case["event"]))
    names = typing.get_args(events.EventType)
    assert sorted(names) == sorted(events.EVENT_VERSIONS), "every event type has a version"
    if wrong:
        sys.exit(1)
    print(len(cases), "as expected")


main()
