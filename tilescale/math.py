"""Integer arithmetic on the host, as ported programs import it."""


def cdiv(a: int, b: int) -> int:
    """Returns a / b rounded up."""
    return -(-a // b)


def next_power_of_2(n: int) -> int:
    """Returns the least power of two that is not less than n; 1 for n < 1."""
    return 1 << max(n - 1, 0).bit_length()
