"""Hooks of schemathesis: who calls, and ids of things that exist where it made ids up.

`SYCEE_WHO` names one of the town's one-click log-ins, or is empty for a guest. A caller whose session was ended by a call
enters anew. Ids are learnt from the lists that the caller may see, and stand in every other call, so that calls get past
"there is nothing here".
"""

import http.client
import json
import os
import random
import re
import urllib.parse

import schemathesis

TOWN = urllib.parse.urlsplit(os.environ["SYCEE_URL"]).netloc
WHO = os.environ.get("SYCEE_WHO", "")
ID = re.compile(r"^[0-9a-f]{32}$")
# What a body or a path calls a thing, where that is not the name of its list.
LISTS = {"payments": "operations", "payment": "operations", "operation": "operations"}

choose = random.Random(7)
session = {}
known = {}


def ask(method, path):
    """The status, headers and text of an answer."""
    connection = http.client.HTTPConnection(TOWN, timeout=10)
    connection.request(method, path, headers=session)
    answer = connection.getresponse()
    text = answer.read().decode(errors="replace")
    connection.close()
    return answer.status, answer.headers, text


def enter():
    """Opens a session by the town's one click."""
    if WHO:
        session.clear()
        _, headers, _ = ask("POST", f"/town/login/{WHO}")
        session["Cookie"] = (headers["Set-Cookie"] or "").split(";")[0]


def learn(paths):
    """Reads every list that has no parameters and keeps the ids in it under the last part of its path."""
    known[""] = []
    for path in (path for path, item in paths.items() if "get" in item and "{" not in path):
        status, headers, text = ask("GET", path)
        if status == 200 and headers["Content-Type"] == "application/json":
            known[path.rsplit("/", 1)[-1]] = list(ids_in(json.loads(text)))


def ids_in(value):
    """Every id under the name `id`, at any depth."""
    if isinstance(value, dict):
        if isinstance(value.get("id"), str) and ID.match(value["id"]):
            yield value["id"]
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from ids_in(part)


def one_of(name):
    """An id of the list with that name, singular or plural."""
    names = [name, f"{name}s", LISTS.get(name, name)]
    ids = [known_id for candidate in names for known_id in known.get(candidate, [])]
    return choose.choice(ids) if ids else None


def replaced(name, value):
    """The value with ids that exist in place of texts that look like ids."""
    if isinstance(value, dict):
        return {key: replaced(key, part) for key, part in value.items()}
    if isinstance(value, list):
        return [replaced(name, part) for part in value]
    if isinstance(value, str) and ID.match(value):
        return one_of(name) or value
    return value


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """Forgets how callers log in: it would make up sessions and keys in place of the given one."""
    raw_schema.pop("security", None)
    raw_schema.get("components", {}).pop("securitySchemes", None)
    for item in raw_schema["paths"].values():
        for operation in item.values():
            operation.pop("security", None)
    enter()
    learn(raw_schema["paths"])


@schemathesis.hook
def before_call(context, case, kwargs):
    """Calls as the caller; replaces the ids of every other call."""
    case.headers = {**(case.headers or {}), **session}
    if choose.random() < 0.5:
        return
    parts = case.path.split("/")
    for name, value in (case.path_parameters or {}).items():
        placeholder = "{" + name + "}"
        found = one_of(parts[parts.index(placeholder) - 1]) if placeholder in parts else None
        if found and isinstance(value, str):
            case.path_parameters[name] = found
    if isinstance(case.body, (dict, list)):
        case.body = replaced("", case.body)


@schemathesis.hook
def after_call(context, case, response):
    """Enters anew after a call that ended the session."""
    if response.status_code == 401:
        enter()
