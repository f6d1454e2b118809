"""Reading many devices by filters: what a listing leaves out or adds is not believed."""

from typing import Any, cast
from uuid import UUID

from vedette.connectors.intune.attributes import MOST_IDS, attributes_of
from vedette.foundation.graph import Graph, GraphError, Reply, Request

IDS = [UUID(int=number) for number in range(1, 41)]


class Listing:
    """Answers filters with the devices that it shows, and single requests with those that it has."""

    def __init__(self, shows: set[UUID], has: set[UUID], broken: int = 0) -> None:
        self.shows, self.has, self.broken = shows, has, broken
        self.asked: list[str] = []

    def batch(self, requests: list[Request]) -> list[Reply]:
        return [self._reply(request) for request in requests]

    def _reply(self, request: Request) -> Reply:
        self.asked.append(request.path)
        if "$filter" in request.path:
            if self.broken:
                self.broken -= 1
                return Reply(request, 503, error=GraphError(503, "serviceNotAvailable", "why"))
            value = [device(key) for key in sorted(self.shows)]
            return Reply(request, 200, {"value": value}, "listed")
        key = UUID(request.path.split("/")[2].partition("?")[0])
        if key in self.has:
            return Reply(request, 200, device(key), "alone")
        return Reply(request, 404, error=GraphError(404, "Request_ResourceNotFound", "gone"))


def device(key: UUID) -> dict[str, Any]:
    return {"id": str(key), "extensionAttributes": {"extensionAttribute1": key.hex}}


def read(listing: Listing, ids: list[UUID]) -> dict[UUID, Reply]:
    return attributes_of(cast("Graph", listing), ids)


def test_each_device_has_its_own_though_filters_are_ignored() -> None:
    listing = Listing(set(IDS), set(IDS))
    found = read(listing, IDS[:20])
    assert found.keys() == set(IDS[:20])
    assert all(reply.body == device(key) for key, reply in found.items())
    assert len(listing.asked) == 2
    assert listing.asked[0].count("'") == 2 * MOST_IDS


def test_what_a_listing_leaves_out_is_asked_for_by_itself() -> None:
    found = read(Listing(set(IDS[:10]), set(IDS[:11])), IDS[:12])
    assert found[IDS[10]].body == device(IDS[10])
    assert found[IDS[10]].request_id == "alone"
    error = found[IDS[11]].error
    assert isinstance(error, GraphError)
    assert error.status == 404


def test_a_listing_that_fails_says_nothing_of_its_devices() -> None:
    listing = Listing(set(IDS), set(IDS), broken=1)
    found = read(listing, IDS[:20])
    failed = [key for key in IDS[:20] if found[key].error is not None]
    assert len(failed) == MOST_IDS
    assert len(listing.asked) == 2, "and is not asked again one by one"
