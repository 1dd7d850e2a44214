"""The stubs that type checkers and editors read say what the modules are."""
import ast
import inspect
import os
import unittest

import fast
from fast import _fast, plugin


def stub_of(module):
    path = os.path.join(os.path.dirname(fast.__file__), module.__name__.split(".")[-1] + ".pyi")
    with open(path) as file:
        return ast.parse(file.read(), path)


def parts(body):
    """What a module or a class of a stub defines: name to node."""
    found = {}
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found[node.name] = node
        elif isinstance(node, ast.AnnAssign):
            found[node.target.id] = node
        elif isinstance(node, ast.ImportFrom):  # "as" the same name exports it
            found.update({name.asname: node for name in node.names if name.asname})
    return {name: node for name, node in found.items() if not name.startswith("_")}


def parameters(node):
    """Of a stub's function: each parameter with its default as text."""
    given = node.args
    positional = getattr(given, "posonlyargs", []) + given.args
    defaults = [None] * (len(positional) - len(given.defaults)) + given.defaults
    found = [(one.arg, default and ast.literal_eval(default)) for one, default in zip(positional, defaults)]
    for one, star in ((given.vararg, "*"), (given.kwarg, "**")):
        if one:
            found.append((star + one.arg, None))
    return found


def parameters_of(function):
    found = []
    for one in inspect.signature(function).parameters.values():
        star = {one.VAR_POSITIONAL: "*", one.VAR_KEYWORD: "**"}.get(one.kind, "")
        found.append((star + one.name, None if one.default is one.empty else one.default))
    return found


class Stubs(unittest.TestCase):
    def assert_class(self, node, owner):
        said = set(parts(node.body))
        inherited = {name for base in owner.__mro__[1:] for name in vars(base)}
        own = {name for name in vars(owner) if not name.startswith("_")} - inherited
        self.assertLessEqual(own, said, owner)
        fields = {name for name, part in parts(node.body).items() if isinstance(part, ast.AnnAssign)}
        for name in said - fields:
            self.assertTrue(hasattr(owner, name), "%s.%s" % (owner, name))

    def assert_module(self, module, names):
        said = parts(stub_of(module).body)
        self.assertEqual(set(said), names)
        for name, node in said.items():
            it = getattr(module, name)
            if isinstance(node, ast.ClassDef):
                self.assert_class(node, it)
        return said

    def test_the_native_stub_says_what_there_is(self):
        self.assert_module(_fast, {name for name in dir(_fast) if not name.startswith("_")})

    def test_the_stub_for_authors_says_what_there_is(self):
        own = {name for name, it in vars(plugin).items() if not name.startswith("_")
               and callable(it) and it.__module__ == "fast.plugin"}
        said = self.assert_module(plugin, own)
        methods = dict(parts(parts(stub_of(_fast).body)["Plugin"].body),
                       **parts(said["Plugin"].body))
        for name, node in said.items():
            if isinstance(node, ast.FunctionDef):
                expected = parameters_of(getattr(plugin, name))
                if expected == [("*args", None), ("**keywords", None)]:  # passed on to the method
                    expected = parameters(methods[name])[1:]
                self.assertEqual(parameters(node), expected, name)

    def test_methods_written_in_c_have_the_same_parameters(self):
        stub = parts(stub_of(_fast).body)
        compared = 0
        for owner in ("Metric", "Param", "Plugin", "Reading"):
            for name, node in parts(stub[owner].body).items():
                method = getattr(getattr(_fast, owner), name)
                if inspect.isroutine(method):
                    self.assertEqual(parameters(node), parameters_of(method), name)
                    compared += 1
        self.assertGreaterEqual(compared, 20)

    def test_methods_written_in_python_have_the_same_parameters(self):
        stub = parts(parts(stub_of(plugin).body)["Plugin"].body)
        compared = 0
        for name, node in stub.items():
            method = vars(plugin.Plugin).get(name)
            if inspect.isfunction(method):
                self.assertEqual(parameters(node), parameters_of(method), name)
                compared += 1
        self.assertGreaterEqual(compared, 9)
