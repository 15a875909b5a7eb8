"""`--update-golden` rewrites the expected texts instead of comparing with them."""


def pytest_addoption(parser):
    parser.addoption("--update-golden", action="store_true", help="rewrite golden/*.cu")
