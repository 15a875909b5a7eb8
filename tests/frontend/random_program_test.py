"""Random programs of the scalar language mean in a kernel what they mean in Python."""

import contextlib
import linecache
import random
import types

import kernel_run
import numpy as np
import pytest

import tilescale.language as T

SIZE = 6


class Writer:
    """Writes a random program; every value stays small, every loop ends."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.lines = []
        self.count = 0

    def program(self):
        """The body of a function of `A` (a list or tensor) and the integer `n`."""
        self.variables = ["v0", "v1"]
        self.emit(1, "v0 = T.alloc_var('int32', init=1)")
        self.emit(1, "v1 = T.alloc_var('int32', init=n)")
        self.block(1, ["v0", "v1", "n"], loop=False, size=6)
        return "\n".join(self.lines)

    def emit(self, depth, text):
        self.lines.append("    " * depth + text)

    def fresh(self, prefix):
        self.count += 1
        return f"{prefix}{self.count}"

    def value(self, names, depth=2):
        choose = self.random.choice
        if depth == 0 or self.random.random() < 0.3:
            leaf = choose(["name", "name", "literal", "element"])
            if leaf == "name":
                return choose(names)
            if leaf == "literal":
                return str(self.random.randint(-5, 9))
            return f"A[{self.index(names)}]"
        a, b = self.value(names, depth - 1), self.value(names, depth - 1)
        form = choose(["+", "-", "*", "//", "%", "min", "max", "if", "abs"])
        if form in ("//", "%"):
            return f"(({a}) {form} {self.random.randint(2, 5)})"
        if form in ("min", "max"):
            return f"T.{form}({a}, {b})"
        if form == "abs":
            return f"abs({a})"
        if form == "if":
            return f"(({a}) if {self.condition(names, 1)} else ({b}))"
        return f"(({a}) {form} ({b}))"

    def index(self, names):
        return f"({self.random.choice(names)} + {self.random.randint(0, 5)}) % {SIZE}"

    def condition(self, names, depth=2):
        choose = self.random.choice
        a, b = self.value(names, 1), self.value(names, 1)
        form = choose(["compare", "compare", "chain", "and", "or", "not", "known"])
        if depth == 0 or form == "compare":
            return f"({a}) {choose(['<', '<=', '>', '>=', '==', '!='])} ({b})"
        if form == "chain":
            return f"({a}) < ({b}) <= {self.random.randint(0, 9)}"
        if form == "not":
            return f"not ({self.condition(names, depth - 1)})"
        if form == "known":
            return choose(["FLAG", "not FLAG", "len('ab') == 2"])
        left, right = self.condition(names, depth - 1), self.condition(names, depth - 1)
        return f"(({left}) {form} ({right}))"

    def block(self, depth, names, loop, size):
        names = list(names)
        for _ in range(self.random.randint(1, size)):
            forms = ["store", "store", "assign", "augment", "bind", "walrus", "swap"]
            if depth < 4:
                forms += ["if", "if", "for", "while", "python"]
            if loop:
                forms += ["leave"]
            getattr(self, self.random.choice(forms) + "_statement")(depth, names, loop)

    def store_statement(self, depth, names, loop):
        op = self.random.choice(["=", "+=", "-="])
        self.emit(depth, f"A[{self.index(names)}] {op} ({self.value(names)}) % 97")

    def assign_statement(self, depth, names, loop):
        self.emit(depth, f"{self.random.choice(self.variables)} = ({self.value(names)}) % 97")

    def augment_statement(self, depth, names, loop):
        self.emit(depth, f"{self.random.choice(self.variables)} += ({self.value(names)}) % 7")

    def swap_statement(self, depth, names, loop):
        self.emit(depth, "v0, v1 = v1 % 97, v0 % 97")

    def bind_statement(self, depth, names, loop):
        name = self.fresh("x")
        self.emit(depth, f"{name} = ({self.value(names)}) % 97")
        names.append(name)

    def walrus_statement(self, depth, names, loop):
        name = self.fresh("y")
        self.emit(depth, f"if ({name} := ({self.value(names, 1)}) % 11) > 4:")
        self.block(depth + 1, [*names, name], loop, 2)

    def if_statement(self, depth, names, loop):
        self.emit(depth, f"if {self.condition(names)}:")
        self.block(depth + 1, names, loop, 2)
        if self.random.random() < 0.4:
            self.emit(depth, f"elif {self.condition(names, 1)}:")
            self.block(depth + 1, names, loop, 2)
        if self.random.random() < 0.5:
            self.emit(depth, "else:")
            self.block(depth + 1, names, loop, 2)

    def for_statement(self, depth, names, loop):
        name = self.fresh("i")
        bounds = self.random.choice(["4", "n % 5", "1, 4", "0, 6, 2", "5, 0, -2"])
        self.emit(depth, f"for {name} in range({bounds}):")
        self.block(depth + 1, [*names, name], True, 3)

    def while_statement(self, depth, names, loop):
        name = self.fresh("w")
        self.emit(depth, f"{name} = T.alloc_var('int32', init=0)")
        self.emit(depth, f"while {name} < {self.random.randint(1, 4)} and v0 < 90:")
        self.emit(depth + 1, f"{name} += 1")
        self.block(depth + 1, [*names, name], True, 3)

    def python_statement(self, depth, names, loop):
        name = self.fresh("p")
        self.emit(depth, f"for {name} in [2, 5]:")
        self.block(depth + 1, [*names, name], False, 2)

    def leave_statement(self, depth, names, loop):
        self.emit(depth, f"if {self.condition(names, 1)}:")
        self.emit(depth + 1, self.random.choice(["break", "continue"]))


PLAIN = types.SimpleNamespace(
    alloc_var=lambda kind, init: init,
    min=min,
    max=max,
    Kernel=lambda extent: contextlib.nullcontext(0),
)


def define(name, header, body, language, flag):
    """The function with this text, whose source can be read."""
    text = f"def function{header}:\n    with T.Kernel(1) as program:\n" + "\n".join(
        "    " + line for line in body.splitlines()
    )
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    namespace = {"T": language, "FLAG": flag}
    exec(compile(text, name, "exec"), namespace)
    return namespace["function"]


@pytest.mark.parametrize("seed", range(80))
def test_random_program(seed):
    body = Writer(seed).program()
    flag = seed % 2 == 0
    plain = define(f"<plain {seed}>", "(A, n)", body, PLAIN, flag)
    typed = f"(A: T.Tensor(({SIZE},), 'int32'), n: T.int32)"
    kernel = T.prim_func(define(f"<kernel {seed}>", typed, body, T, flag))
    for n in (0, 3):
        expected = [3, 1, 4, 1, 5, 9]
        array = np.array(expected, np.int32)
        plain(expected, n)
        kernel_run.run(kernel, [array, n])
        assert array.tolist() == expected, body
