from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.errors import Conflict, FieldError, InvalidInput, NotFound
from accounts.models import User
from accounts.services.audit import record_event


class UsernameTaken(Conflict):
    code = "username_taken"
    sentence = "There is already a user of this name."


def create_user(
    *, actor: User | None, username: str, email: str = "", name: str = "", password: str | None = None,
    is_owner: bool = False, may_start_projects: bool = False,
) -> User:  # fmt: skip
    """A new person. Without a password they cannot sign in until one is set."""
    user = User(username=username, email=email, name=name, is_owner=is_owner, may_start_projects=may_start_projects)
    _check_user(user, password)
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save()
            record_event(actor=actor, action="user.created", target=username, facts={"is_owner": is_owner})
    except IntegrityError as error:
        raise UsernameTaken from error
    return user


def _check_user(user: User, password: str | None) -> None:
    errors = []
    try:
        user.clean_fields(exclude=["password"])
    except ValidationError as error:
        errors += [FieldError(path, "invalid", " ".join(texts)) for path, texts in error.message_dict.items()]
    if password is not None:
        try:
            validate_password(password, user)
        except ValidationError as error:
            errors.append(FieldError("password", "weak", " ".join(error.messages)))
    if errors:
        raise InvalidInput(errors=errors)


def update_user(*, actor: User, user_id: int, is_active: bool | None = None, name: str | None = None) -> User:
    """Change a name, or close and reopen an account. A closed account's sessions and tokens end at once."""
    with transaction.atomic():
        user = User.objects.select_for_update(no_key=True).filter(pk=user_id).first()
        if user is None:
            raise NotFound
        if is_active is False and user.pk == actor.pk:
            raise InvalidInput(errors=[FieldError("is_active", "self", "You cannot close your own account.")])
        user.is_active = user.is_active if is_active is None else is_active
        user.name = user.name if name is None else name
        _check_user(user, None)
        user.save(update_fields=["is_active", "name"])
        record_event(actor=actor, action="user.changed", target=user.username, facts={"is_active": user.is_active})
    return user
