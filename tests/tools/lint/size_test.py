"""tools/lint/size.py and the allow-list."""

from __future__ import annotations

from pathlib import Path

from tools.lint import size, tree

LONG_PYTHON = "def long():\n" + "    x = 1\n" * 80
LONG_CC = """
namespace a {
class Visitor : public Base<int(int)> {
 public:
  void Visit(const Node& node, std::function<void(int)> f = {}) override {
    auto inner = [&](int x) { return "}"; };  // }
%s  }
};
}  // namespace a
""" % ("    Step();\n" * 78)


def write(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_tree_is_clean():
    assert size.check(tree.source_root()) == []


def test_finds_a_long_file(tmp_path):
    write(tmp_path, "cc/long.h", "int x;\n" * 501)
    write(tmp_path, "cc/limit.h", "int x;\n" * 500)
    assert [problem.path for problem in size.check(tmp_path)] == ["cc/long.h"]


def test_finds_a_long_python_function(tmp_path):
    write(tmp_path, "a.py", LONG_PYTHON)
    assert [(p.path, p.symbol) for p in size.check(tmp_path)] == [("a.py", "long")]


def test_docstrings_do_not_count(tmp_path):
    docstring = '    """' + "line\n    " * 20 + '"""\n'
    write(tmp_path, "a.py", "def documented():\n" + docstring + "    x = 1\n" * 79)
    assert size.check(tmp_path) == []


def test_finds_a_long_method(tmp_path):
    write(tmp_path, "a.cc", LONG_CC)
    assert [(p.line, p.symbol) for p in size.check(tmp_path)] == [(5, "Visit")]
    write(tmp_path, "a.cc", LONG_CC.replace("    Step();\n", "", 1))
    assert size.check(tmp_path) == []


def test_tables_are_no_functions():
    text = "const Row kRows[] = {\n" + "    {F(1), 2},\n" * 100 + "};\nenum E { kA, kB };\n"
    assert list(size.cc_functions(text)) == []


def test_functions_after_attributes_and_templates():
    text = (
        "template <typename T, typename = Enable<T>>\nT Twice(T x) {\n  return x + x;\n}\n"
        "Foo::Foo(int a) : a_{a}, b_(0) {\n}\n"
        "bool operator==(const A& a, const A& b) { return true; }\n"
    )
    names = [name for name, _, _ in size.cc_functions(text)]
    assert "Twice" in names
    assert any("operator" in name for name in names)


def test_an_exception_needs_a_reason_and_a_use(tmp_path):
    write(tmp_path, "a.py", LONG_PYTHON)
    entry = '[[allow]]\ncheck = "size"\npath = "a.py"\nsymbol = "long"\n'
    write(tmp_path, tree.ALLOW_FILE, entry + 'reason = "one table"\n')
    assert size.check(tmp_path) == []
    write(tmp_path, tree.ALLOW_FILE, entry)
    assert "no reason given" in size.check(tmp_path)[0].text
    write(tmp_path, tree.ALLOW_FILE, entry + 'reason = "one table"\n')
    write(tmp_path, "a.py", "")
    assert "needs no exception any more" in size.check(tmp_path)[0].text
