"""Check digits: identity numbers (GB 11643-1999) and bank cards (Luhn, ISO/IEC 7812-1)."""

from __future__ import annotations

from datetime import date

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"
_PROVINCES = frozenset(
    (11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46,
     50, 51, 52, 53, 54, 61, 62, 63, 64, 65, 71, 81, 82, 83)
)  # fmt: skip
_FIRST_YEAR = 1900


def identity_check_character(first_17: str) -> str:
    """Return the 18th character of an identity number: ISO 7064 MOD 11-2 over the first 17."""
    total = sum(int(digit) * weight for digit, weight in zip(first_17, _WEIGHTS, strict=True))
    return _CHECK[total % 11]


def is_identity_shape(number: str) -> bool:
    """Tell whether 18 characters have a province and a date of birth where they belong."""
    if len(number) != 18 or not number[:17].isdigit():
        return False
    if int(number[:2]) not in _PROVINCES:
        return False
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return False
    return born.year >= _FIRST_YEAR


def is_identity_number(number: str) -> bool:
    """Tell whether a number is an identity number whose check character is right."""
    return is_identity_shape(number) and identity_check_character(number[:17]) == number[17]


def passes_luhn(number: str) -> bool:
    """Tell whether the last digit of a card number is its Luhn check digit."""
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
