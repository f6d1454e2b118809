"""The device-filter rule: syntax, operators and every cell of Microsoft's table."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette_lab.conditional_access.matching import FilterDevice, evaluate
from vedette_lab.conditional_access.rule import (
    ATTRIBUTES,
    EXTENSION_ATTRIBUTES,
    OPERATORS,
    Both,
    Comparison,
    Either,
    Not,
    parse,
)
from vedette_lab.conditional_access.rule_syntax import MAX_LENGTH, RuleError

POSITIVE = ("eq", "startsWith", "endsWith", "contains", "in")
NEGATIVE = ("ne", "notStartsWith", "notEndsWith", "notContains", "notIn")


def device(**attributes: str | None) -> FilterDevice:
    return FilterDevice("Phone", attributes)


def managed(**attributes: str | None) -> FilterDevice:
    return FilterDevice("Phone", attributes, managed=True)


def applies(rule: str, phone: FilterDevice | None) -> bool:
    return evaluate(parse(rule), phone).applies


def rule(attribute: str, operator: str, value: str) -> str:
    literal = f'["{value}", "something else"]' if operator in {"in", "notIn"} else f'"{value}"'
    return f"device.{attribute} -{operator} {literal}"


# Each operator with its value of "mtd:high", and values of the attribute that it holds for and not.
OPERATOR_TABLE = [
    ("eq", "mtd:high", ["mtd:high", "MTD:HIGH"], ["mtd:low", "mtd:highest", None]),
    ("ne", "mtd:high", ["mtd:low", "mtd:highest", None], ["mtd:high", "MTD:high"]),
    ("startsWith", "mtd:", ["mtd:high", "MTD:x"], ["xmtd:", "mt", None]),
    ("notStartsWith", "mtd:", ["xmtd:", "mt", None], ["mtd:high", "MTD:x"]),
    ("endsWith", "high", ["mtd:high", "HIGH"], ["mtd:higher", "low", None]),
    ("notEndsWith", "high", ["mtd:higher", "low", None], ["mtd:high", "HIGH"]),
    ("contains", "d:h", ["mtd:high", "MTD:HIGH"], ["mtd:low", None]),
    ("notContains", "d:h", ["mtd:low", None], ["mtd:high", "MTD:HIGH"]),
    ("in", "mtd:high", ["mtd:high", "Something Else"], ["mtd:low", "mtd:", None]),
    ("notIn", "mtd:high", ["mtd:low", "mtd:", None], ["mtd:high", "Something Else"]),
]


@pytest.mark.parametrize(
    ("operator", "value", "holds", "fails"), OPERATOR_TABLE, ids=lambda each: str(each)[:20]
)
@pytest.mark.parametrize("attribute", ["extensionAttribute1", "model"])
def test_each_operator_on_a_managed_device(
    attribute: str, operator: str, value: str, holds: list[str | None], fails: list[str | None]
) -> None:
    for content in holds:
        assert applies(rule(attribute, operator, value), managed(**{attribute: content})), content
    for content in fails:
        assert not applies(rule(attribute, operator, value), managed(**{attribute: content})), content


def test_the_operator_table_names_all_ten() -> None:
    assert {row[0] for row in OPERATOR_TABLE} == set(OPERATORS.values())


@pytest.mark.parametrize("attribute", sorted(ATTRIBUTES))
def test_unregistered_positive_operators_never_apply_to_any_attribute(attribute: str) -> None:
    for operator in set(POSITIVE) & set(ATTRIBUTES[attribute]):
        assert not applies(rule(attribute, operator, "x"), None)


@pytest.mark.parametrize("attribute", sorted(ATTRIBUTES))
def test_unregistered_negative_operators_always_apply_to_any_attribute(attribute: str) -> None:
    for operator in set(NEGATIVE) & set(ATTRIBUTES[attribute]):
        assert applies(rule(attribute, operator, "x"), None)


@pytest.mark.parametrize("operator", [*POSITIVE, *NEGATIVE])
@pytest.mark.parametrize("attribute", ["model", "operatingSystem", "displayName"])
def test_registered_but_unmanaged_other_attributes_compare(attribute: str, operator: str) -> None:
    """The rows "any attributes excluding extensionAttributes1-15": yes, if the criteria are met."""
    same = applies(rule(attribute, operator, "x"), device(**{attribute: "x"}))
    other = applies(rule(attribute, operator, "x"), device(**{attribute: "zz"}))
    assert (same, other) == ((True, False) if operator in POSITIVE else (False, True))


@pytest.mark.parametrize("operator", [*POSITIVE, *NEGATIVE])
@pytest.mark.parametrize("attribute", EXTENSION_ATTRIBUTES)
@pytest.mark.parametrize(
    ("facts", "available"),
    [
        ({}, False),
        ({"managed": True}, True),
        ({"compliant": True}, True),
        ({"hybrid_joined": True}, True),
    ],
    ids=["unmanaged", "managed", "compliant", "hybrid joined"],
)
def test_extension_attributes_need_management_compliance_or_hybrid_join(
    attribute: str, operator: str, facts: dict[str, bool], available: bool
) -> None:
    """The rows "attributes including extensionAttributes1-15", both operators, managed or not."""
    phone_same = FilterDevice("P", {attribute: "x"}, **facts)
    phone_other = FilterDevice("P", {attribute: "zz"}, **facts)
    same = applies(rule(attribute, operator, "x"), phone_same)
    other = applies(rule(attribute, operator, "x"), phone_other)
    wanted = (True, False) if operator in POSITIVE else (False, True)
    assert (same, other) == (wanted if available else (False, False))


def test_an_unavailable_attribute_is_not_turned_into_a_match_by_not() -> None:
    unmanaged = device(extensionAttribute1="mtd:high", model="X")
    assert not applies('not (device.extensionAttribute1 -eq "mtd:high")', unmanaged)
    assert not applies('device.extensionAttribute1 -ne "a" and device.model -eq "X"', unmanaged)
    assert applies('device.extensionAttribute1 -eq "a" or device.model -eq "X"', unmanaged)


def test_the_fail_closed_rule_of_the_documentation() -> None:
    closed = 'device.extensionAttribute1 -notIn ["mtd:secured","mtd:low"]'
    assert applies(closed, None), "a phone without identity is blocked"
    assert applies(closed, managed()), "an empty value is blocked"
    assert applies(closed, managed(extensionAttribute1="mtd:high"))
    assert not applies(closed, managed(extensionAttribute1="mtd:secured"))
    assert not applies(closed, device(extensionAttribute1="mtd:high")), "unmanaged escapes (4.7, 3)"


def test_null_and_truth_values() -> None:
    assert applies("device.extensionAttribute2 -eq null", managed())
    assert not applies("device.extensionAttribute2 -ne null", managed())
    assert applies("device.isCompliant -eq True", device(isCompliant="True"))
    assert applies('device.isCompliant -ne "True"', device(isCompliant="False"))


def test_collections_compare_whole_members() -> None:
    labelled = FilterDevice("P", {"systemLabels": ("MultiUser", "M365Managed")})
    assert applies('device.systemLabels -contains "multiuser"', labelled)
    assert not applies('device.systemLabels -contains "Multi"', labelled)
    assert applies('device.systemLabels -notContains "Multi"', labelled)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('device.model -eq "a"', Comparison("model", "eq", ("a",))),
        ('DEVICE.Model EQ "a"', Comparison("model", "eq", ("a",))),
        ("device.model -eq 'it''s'", Comparison("model", "eq", ("it's",))),
        ('device.model -eq "say `"hi`""', Comparison("model", "eq", ('say "hi"',))),
        ('device.model -in ["a","b"]', Comparison("model", "in", ("a", "b"))),
        ('((device.model -eq "a"))', Comparison("model", "eq", ("a",))),
        ('not device.model -eq "a"', Not(Comparison("model", "eq", ("a",)))),
        ('-not (device.model -eq "a")', Not(Comparison("model", "eq", ("a",)))),
    ],
)
def test_spellings(text: str, wanted: object) -> None:
    assert parse(text) == wanted


def test_and_binds_stronger_than_or() -> None:
    a, b, c = (Comparison("model", "eq", (each,)) for each in "abc")
    text = 'device.model -eq "a" or device.model -eq "b" -and device.model -eq "c"'
    assert parse(text) == Either((a, Both((b, c))))
    assert parse('(device.model -eq "a" or device.model -eq "b") and device.model -eq "c"') == Both(
        (Either((a, b)), c)
    )


@pytest.mark.parametrize(
    ("text", "position", "message"),
    [
        ("", 0, "empty"),
        ("   ", 0, "empty"),
        ("user.model -eq 'a'", 0, "not a device attribute"),
        ("device.colour -eq 'a'", 0, "knows no attribute device.colour"),
        ("device.model -like 'a'", 13, "Expected an operator"),
        ("device.model", 12, "Expected an operator"),
        ("device.model -eq", 16, "Expected a value"),
        ("device.model -eq a", 17, "Expected a value between double quotes"),
        ("device.model -eq 'a", 17, "never closed"),
        ("(device.model -eq 'a'", 0, "never closed"),
        ("device.model -eq 'a')", 20, "Expected 'and', 'or'"),
        ("device.model -in 'a'", 17, "Expected a list"),
        ("device.model -in []", 18, "Expected a value"),
        ("device.model -in ['a' 'b']", 22, "Expected ',' or ']'"),
        ("device.model -contains null", 23, "null can be compared"),
        ("device.trustType -startsWith 'A'", 17, "cannot be compared with -startsWith"),
        ("device.model == 'a'", 13, "has no meaning"),
        ("(" * 60 + "device.model -eq 'a'" + ")" * 60, 40, "nested deeper"),
        ("device.model -eq '" + "a" * MAX_LENGTH + "'", MAX_LENGTH, "at most 3072"),
    ],
)
def test_errors_say_what_and_where(text: str, position: int, message: str) -> None:
    with pytest.raises(RuleError) as caught:
        parse(text)
    assert message in str(caught.value)
    assert caught.value.position == position


def test_the_longest_rule_is_read() -> None:
    text = 'device.model -eq "{}"'
    assert parse(text.format("a" * (MAX_LENGTH - len(text) + 2)))


COMPARISONS = st.builds(
    rule,
    st.sampled_from(["model", "displayName", *EXTENSION_ATTRIBUTES]),
    st.sampled_from([*POSITIVE, *NEGATIVE]),
    st.sampled_from(["mtd:high", "mtd:", "x"]),
)
RULES = st.recursive(
    COMPARISONS,
    lambda inner: st.one_of(
        inner.map(lambda each: f"not ({each})"),
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda p: f"({p[0]}) {p[1]} ({p[2]})"),
    ),
    max_leaves=6,
)
DEVICES = st.none() | st.builds(
    FilterDevice,
    st.just("Phone"),
    st.dictionaries(
        st.sampled_from(["model", "displayName", *EXTENSION_ATTRIBUTES]),
        st.none() | st.sampled_from(["mtd:high", "x"]),
    ),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)


@given(RULES, DEVICES)
def test_any_readable_rule_is_decided_with_a_reason(text: str, phone: FilterDevice | None) -> None:
    found = evaluate(parse(text), phone)
    assert found.why
    assert found.available or not found.applies


@given(RULES, DEVICES)
def test_not_never_applies_together_with_its_term(text: str, phone: FilterDevice | None) -> None:
    plain, negated = evaluate(parse(text), phone), evaluate(parse(f"not ({text})"), phone)
    assert not (plain.applies and negated.applies)
    assert plain.available == negated.available
    assert plain.applies != negated.applies or not plain.available


@given(
    st.text(max_size=60)
    | st.lists(st.sampled_from(["device.model", "-eq", '"a"', "(", ")", "and", "[", ","])).map(" ".join)
)
def test_any_text_is_read_or_refused(text: str) -> None:
    position = 0
    try:
        parse(text)
    except RuleError as error:
        position = error.position
    assert 0 <= position <= len(text)
