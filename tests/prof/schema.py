"""Checks a document against a JSON schema of the few words that docs/fastprof.schema.json uses."""
import json
import sys

TYPES = {"object": dict, "array": list, "string": str, "null": type(None), "boolean": bool}


def fits(value, name):
    if name == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if name == "number":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, TYPES[name])


def check(value, schema, root, where):
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rsplit("/", 1)[1]]
    unknown = set(schema) - {"$schema", "$id", "title", "description", "type", "const", "enum", "required",
                             "properties", "additionalProperties", "items", "$defs"}
    assert not unknown, f"this checker does not know {unknown}"
    types = schema.get("type", [])
    types = [types] if isinstance(types, str) else types
    assert not types or any(fits(value, t) for t in types), f"{where}: {value!r} is not {types}"
    assert "const" not in schema or value == schema["const"], f"{where}: {value!r}"
    assert "enum" not in schema or value in schema["enum"], f"{where}: {value!r}"
    if isinstance(value, dict):
        missing = set(schema.get("required", [])) - set(value)
        assert not missing, f"{where}: {missing} is missing"
        for key, item in value.items():
            known = schema.get("properties", {}).get(key, schema.get("additionalProperties", {}))
            assert known is not False, f"{where}: {key} is not in the schema"
            check(item, known if isinstance(known, dict) else {}, root, f"{where}.{key}")
    if isinstance(value, list):
        for index, item in enumerate(value):
            check(item, schema.get("items", {}), root, f"{where}[{index}]")


with open(sys.argv[1]) as file:
    schema = json.load(file)
with open(sys.argv[2]) as file:
    check(json.load(file), schema, schema, "$")
