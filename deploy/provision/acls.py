"""The rights (ACLs) of each Kafka login, as `shared.events.topics` declares them."""

from collections.abc import Iterator, Mapping

from confluent_kafka.admin import (
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    ResourcePatternType,
    ResourceType,
)

from shared.events.topics import GROUPS, SERVICES, TOPICS, Topic

INTEGRATOR = "integrator"


def rights_of(prefix: str, logins: Mapping[str, str], declared: Mapping[str, Topic] = TOPICS) -> Iterator[AclBinding]:
    for topic in declared.values():
        name = f"{prefix}{topic.name}"
        for service in topic.writers:
            yield _allow(logins[service], ResourceType.TOPIC, name, AclOperation.WRITE)
        for service in {*topic.consumers, *topic.web_readers}:
            yield _allow(logins[service], ResourceType.TOPIC, name, AclOperation.READ)
        for service in topic.consumers:
            for operation in (AclOperation.WRITE, AclOperation.READ):
                yield _allow(logins[service], ResourceType.TOPIC, f"{prefix}{topic.dead(service)}", operation)
    for service, group in groups_of(prefix):
        yield _allow(logins[service], ResourceType.GROUP, group, AclOperation.READ)
    if INTEGRATOR in logins:
        yield _allow(logins[INTEGRATOR], ResourceType.TOPIC, f"{prefix}hazards", AclOperation.READ)
        yield _allow(
            logins[INTEGRATOR], ResourceType.GROUP, INTEGRATOR, AclOperation.READ, ResourcePatternType.PREFIXED
        )


def groups_of(prefix: str) -> Iterator[tuple[str, str]]:
    for service in SERVICES:
        for group in (service, *GROUPS.get(service, ())):
            yield service, f"{prefix}{group}"


def is_allowed(right: AclBinding) -> bool:
    """Dayar sets no DENY rights: those belong to the cluster's administrators."""
    return bool(right.permission_type == AclPermissionType.ALLOW)


def _allow(
    login: str,
    kind: ResourceType,
    name: str,
    operation: AclOperation,
    pattern: ResourcePatternType = ResourcePatternType.LITERAL,
) -> AclBinding:
    return AclBinding(kind, name, pattern, f"User:{login}", "*", operation, AclPermissionType.ALLOW)


def filter_of(binding: AclBinding) -> AclBindingFilter:
    return AclBindingFilter(
        binding.restype,
        binding.name,
        binding.resource_pattern_type,
        binding.principal,
        binding.host,
        binding.operation,
        binding.permission_type,
    )


def filter_of_login(principal: str) -> AclBindingFilter:
    """The principal has the form `User:login`."""
    return AclBindingFilter(
        ResourceType.ANY, None, ResourcePatternType.ANY, principal, None, AclOperation.ANY, AclPermissionType.ANY
    )
