"""When polls, heartbeats and mail are due, and that two workers never do the same one."""

from collections.abc import Callable

import pytest
from tests.connectors.scene import Scene
from tests.support.database import Database

from vedette.connectors import errors
from vedette.connectors.errors import Problem
from vedette.connectors.intune import jobs
from vedette.connectors.intune.models import IntuneConnector
from vedette.connectors.mail import jobs as mail_jobs
from vedette.connectors.partner import jobs as partner_jobs
from vedette.connectors.partner import switch
from vedette.foundation import clock, database
from vedette.tenants.models import Tenant

Clock = Callable[[float], None]


@pytest.fixture
def waiting(db: Database) -> Callable[[], list[str]]:
    """The jobs that wait in the queue, by the last part of their name."""

    def names() -> list[str]:
        with db.owner() as connection:
            rows = connection.execute("select task_name from procrastinate_jobs where status = 'todo'")
            return sorted(row[0].rpartition(".")[2] for row in rows)

    return names


def empty(db: Database) -> None:
    with db.owner() as connection:
        connection.execute("delete from procrastinate_jobs")


def test_a_saved_connector_is_due_at_once_and_only_once(
    scene: Scene, waiting: Callable[[], list[str]]
) -> None:
    jobs.defer_due.func(0)
    assert waiting() == [], "nothing is done before the settings are saved"
    scene.set_up()
    jobs.defer_due.func(0)
    jobs.defer_due.func(0)
    assert waiting() == ["poll_directory", "send_heartbeat"]


def test_without_consent_nothing_is_asked(scene: Scene, waiting: Callable[[], list[str]]) -> None:
    scene.set_up()
    with database.writer(scene.tenant_id):
        Tenant.objects.filter(pk=scene.tenant_id).update(status=Tenant.Status.INVITED)
    jobs.defer_due.func(0)
    assert waiting() == []


def test_each_comes_again_after_its_minutes(
    scene: Scene, db: Database, waiting: Callable[[], list[str]], move_clock: Clock
) -> None:
    scene.set_up(heartbeat_minutes=10)
    jobs.send_heartbeat.func(str(scene.tenant_id))
    jobs.poll_directory.func(str(scene.tenant_id))
    jobs.read_microsoft.func(str(scene.tenant_id))
    for seconds, due in ((0, []), (310, ["poll_directory"]), (610, ["poll_directory", "send_heartbeat"])):
        empty(db)
        move_clock(seconds)
        jobs.defer_due.func(0)
        assert waiting() == due


def test_a_job_that_waited_too_long_does_not_do_it_twice(scene: Scene) -> None:
    scene.set_up()
    since = scene.mark()
    for _ in range(2):
        jobs.send_heartbeat.func(str(scene.tenant_id))
        jobs.poll_directory.func(str(scene.tenant_id))
    assert len(scene.requests("PATCH", since=since)) == 1


def test_a_poll_that_is_running_is_not_begun_again_until_its_worker_counts_as_dead(
    scene: Scene, move_clock: Clock
) -> None:
    scene.set_up()
    scene.add_group("Company Phones")
    with database.tenant(scene.tenant_id):
        IntuneConnector.objects.update(poll_running_since=clock.now())
    jobs.poll_directory.func(str(scene.tenant_id))
    assert scene.devices() == []
    move_clock(jobs.POLL_LIMIT.total_seconds() + 5)
    jobs.poll_directory.func(str(scene.tenant_id))
    assert len(scene.devices()) == 13
    assert scene.connector().poll_running_since is None


def test_mail_is_sent_while_there_is_some(scene: Scene, waiting: Callable[[], list[str]]) -> None:
    mail_jobs.defer_mail.func(0)
    assert waiting() == []
    errors.record(scene.tenant_id, "intune", Problem("poll", "flux", "It broke."))
    mail_jobs.defer_mail.func(0)
    mail_jobs.defer_mail.func(0)
    assert waiting() == ["send_mail"]


def test_the_partner_adapter_works_only_where_it_is_on(
    scene: Scene, waiting: Callable[[], list[str]]
) -> None:
    with database.tenant(scene.tenant_id):
        switch.link_of(scene.tenant_id)
    partner_jobs.defer_partner_work.func(0)
    assert waiting() == []
    with database.tenant(scene.tenant_id):
        link = switch.link_of(scene.tenant_id)
        link.enabled = True
        link.save()
    partner_jobs.defer_partner_work.func(0)
    partner_jobs.defer_partner_work.func(0)
    assert waiting() == ["partner_work"]
