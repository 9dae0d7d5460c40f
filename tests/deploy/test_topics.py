"""How long records are kept is a setting, also of topics that are there already."""

from confluent_kafka.admin import AdminClient, ConfigResource

from deploy.provision import topics
from shared.config import Settings
from tests.installation import Installation

DAY_MS = 86_400_000


def test_a_changed_setting_changes_the_topics_that_are_there(installation: Installation) -> None:
    broker, prefix = installation.parts.broker, installation.topic_prefix
    shorter = Settings(topic_prefix=prefix, displacements_days=10, dead_letters_days=60)
    admin = broker.admin()
    assert kept_ms(admin, f"{prefix}displacements") == 30 * DAY_MS
    topics.create(broker, shorter, logins=installation.ground.kafka_logins)
    assert kept_ms(admin, f"{prefix}displacements") == 10 * DAY_MS
    assert kept_ms(admin, f"{prefix}displacements.registry.dead") == 60 * DAY_MS
    assert kept_ms(admin, f"{prefix}hazards") == -1


def kept_ms(admin: AdminClient, topic: str) -> int:
    resource = ConfigResource(ConfigResource.Type.TOPIC, topic)
    return int(admin.describe_configs([resource])[resource].result()["retention.ms"].value)
