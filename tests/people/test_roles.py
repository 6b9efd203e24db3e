"""Roles: which go together, and what counts as one. `manage.py person` is in test_person."""

from itertools import combinations

import pytest
from django.contrib.auth.models import AnonymousUser, Group

from audit.refusals import NotAllowed
from people import access
from people.access import has_role, roles_of
from people.roles import check_role_mix
from tests import factories

PAIRS = list(combinations(access.ROLE_NAMES, 2))
REFUSED = {
    frozenset(pair) for pair in PAIRS if {access.AUDITOR, access.ADMINISTRATOR} & set(pair)
} | {
    frozenset({access.POLICY_OWNER, access.SENIOR}),
    frozenset({access.POLICY_OWNER, access.EXECUTIVE}),
}


def test_some_pairs_are_refused_and_some_are_not():
    assert len(REFUSED) == 13


@pytest.mark.parametrize("pair", PAIRS, ids="+".join)
def test_each_pair(pair):
    """SD-4."""
    if frozenset(pair) in REFUSED:
        with pytest.raises(NotAllowed, match="cannot be"):
            check_role_mix(frozenset(pair))
    else:
        check_role_mix(frozenset(pair))


@pytest.mark.parametrize("role", access.ROLE_NAMES)
def test_one_role_alone_is_fine_and_all_of_them_are_not(role):
    check_role_mix(frozenset({role}))
    with pytest.raises(NotAllowed):
        check_role_mix(frozenset(access.ROLE_NAMES))


def test_a_third_role_does_not_hide_two_that_do_not_go_together():
    with pytest.raises(NotAllowed, match="Policy owner and Senior reviewer"):
        check_role_mix(frozenset({access.POLICY_OWNER, access.SENIOR, access.SALES}))
    with pytest.raises(NotAllowed, match="Auditor cannot be combined"):
        check_role_mix(frozenset({access.AUDITOR, access.SALES, access.COMPLIANCE}))


def test_only_groups_that_are_roles_count(db):
    person = factories.senior()
    person.groups.add(Group.objects.create(name="superheroes"))
    assert roles_of(person) == {access.SENIOR}
    assert not has_role(person, "superheroes")
    assert roles_of(AnonymousUser()) == frozenset()


@pytest.mark.parametrize("roles", [(), ("boss",), (access.SALES, "boss")])
def test_a_page_is_for_roles_that_exist(roles):
    with pytest.raises(ValueError, match="takes roles out of"):
        access.allow(*roles)
