"""How many rows follow a page, known from the page before."""

import uuid

from vedette.api.mobile_risk.counts import FRESH_SECONDS, MOST, Counts

SQL = " and d.platform = %(p1)s"
LAST = uuid.UUID(int=7)


def of(tenant: int, platform: str = "IOS") -> dict[str, object]:
    return {"tenant": uuid.UUID(int=tenant), "p1": platform}


def test_the_count_of_the_next_page_is_this_one_less_its_rows_and_soon_forgotten() -> None:
    moment = [100.0]
    counts = Counts(lambda: moment[0])
    counts.remember(SQL, of(1), LAST, counts.now(250), 100)
    left = counts.known(SQL, of(1), LAST, 100)
    assert left
    assert left.rows == 150
    moment[0] += FRESH_SECONDS
    assert counts.known(SQL, of(1), LAST, 100) == left
    # a chain of pages is as old as its first count, not as its last page
    counts.remember(SQL, of(1), uuid.UUID(int=6), left, 100)
    moment[0] += 0.1
    assert counts.known(SQL, of(1), LAST, 100) is None
    assert counts.known(SQL, of(1), uuid.UUID(int=6), 50) is None


def test_it_is_that_of_the_same_question_alone() -> None:
    counts = Counts()
    counts.remember(SQL, of(1), LAST, counts.now(250), 100)
    assert counts.known(SQL, of(2), LAST, 1) is None
    assert counts.known(SQL, of(1, "ANDROID"), LAST, 1) is None
    assert counts.known("", of(1), LAST, 1) is None
    assert counts.known(SQL, of(1), None, 1) is None
    assert counts.known(SQL, of(1), uuid.UUID(int=8), 1) is None
    assert counts.known(SQL, of(1), LAST, 151) is None, "more rows were found than were counted: count anew"


def test_so_many_are_remembered_and_no_more() -> None:
    counts = Counts()
    for number in range(MOST + 1):
        counts.remember(SQL, of(1), uuid.UUID(int=number), counts.now(250), 100)
    assert counts.known(SQL, of(1), uuid.UUID(int=0), 1) is None
    assert counts.known(SQL, of(1), uuid.UUID(int=1), 1)
