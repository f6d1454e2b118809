"""Pure: the two ways by group, under the names that deliveries have."""

from typing import Final

DEVICE_GROUP: Final = "device_group"
"""Groups of phones: an Intune compliance policy that cannot be met is assigned to them."""

USER_GROUP: Final = "user_group"
"""Groups of people: a conditional-access policy blocks them, on all their devices."""

WAYS: Final = (DEVICE_GROUP, USER_GROUP)
