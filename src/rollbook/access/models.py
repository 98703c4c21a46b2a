"""Tables of accounts, grants, and programs that call the API."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q

from rollbook.orgs.models import Organization


class AccountQueries(BaseUserManager["Account"]):
    """Find accounts the way Django's sign-in asks for them."""

    def get_by_natural_key(self, username: str | None) -> Account:
        """Return the account that signs in with this address, however it is written."""
        return self.get(email__iexact=username)

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> Account:
        """Make an account; without a password nobody can sign in to it with one."""
        account = self.model(email=email.lower(), **fields)
        account.set_password(password)
        account.save(using=self._db)
        return account


class Account(AbstractBaseUser):
    """Hold one person who may sign in."""

    personal_data: ClassVar[frozenset[str]] = frozenset({"email", "first_name", "last_name"})

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    email = models.EmailField(max_length=255, unique=True)
    first_name = models.CharField(max_length=100, blank=True)
    last_name = models.CharField(max_length=100, blank=True)
    language = models.CharField(max_length=8, blank=True)
    is_active = models.BooleanField(default=True)
    # Made on the sandbox page; nothing of it is kept.
    is_sandbox = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    objects = AccountQueries()

    def __str__(self) -> str:
        return f"account {self.pk}"

    def get_full_name(self) -> str:
        """Return the holder's name, or the address where no name is known."""
        return f"{self.first_name} {self.last_name}".strip() or self.email


class Grant(models.Model):
    """Hold that an account has a role at an organization between two dates."""

    personal_data: ClassVar[frozenset[str]] = frozenset()

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="grants")
    role = models.CharField(max_length=40)  # a role's code, see access/rules.py
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="grants")
    starts_on = models.DateField()
    ends_before = models.DateField(null=True, blank=True)
    granted_by = models.CharField(max_length=80)  # text, so that it outlives the granting account

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "role", "organization", "starts_on"], name="grant_once"
            ),
            models.CheckConstraint(
                condition=Q(ends_before__isnull=True) | Q(starts_on__lt=F("ends_before")),
                name="grant_dates",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} at {self.organization_id}"


class ApiClient(models.Model):
    """Hold one program that may call the API, such as a district's student information system."""

    personal_data: ClassVar[frozenset[str]] = frozenset()

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=120)
    username = models.CharField(max_length=80, unique=True)  # what it signs in as
    organization = models.ForeignKey(
        Organization, on_delete=models.PROTECT, related_name="api_clients"
    )
    permissions = models.JSONField(default=list)  # of shared.scope.Permission
    created_by = models.CharField(max_length=80)
    created_at = models.DateTimeField()
    is_active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.name


class ApiSecret(models.Model):
    """Hold one secret key of a program: two may hold at once, so that a key is changed in peace."""

    personal_data: ClassVar[frozenset[str]] = frozenset()

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    client = models.ForeignKey(ApiClient, on_delete=models.CASCADE, related_name="secrets")
    digest = models.CharField(max_length=64, unique=True)  # SHA-256 of 256 random bits
    hint = models.CharField(max_length=4)  # its last characters, so that people tell keys apart
    created_by = models.CharField(max_length=80)
    created_at = models.DateTimeField()
    expires_on = models.DateField(db_index=True)
    reminded_days = models.PositiveSmallIntegerField(null=True)  # the latest reminder: 14, 7, 3, 1
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"secret {self.pk} of client {self.client_id}"


class ApiToken(models.Model):
    """Hold one bearer token of a program, by its digest; it ends with its secret."""

    personal_data: ClassVar[frozenset[str]] = frozenset()

    secret = models.ForeignKey(ApiSecret, on_delete=models.CASCADE, related_name="tokens")
    digest = models.CharField(max_length=64, unique=True)
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"token {self.pk}"
