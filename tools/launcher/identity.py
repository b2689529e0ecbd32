"""As whom PostgreSQL runs: it refuses to be root and wants to find its own name among the accounts.

Root gets a user namespace with one other id: files keep their owner, no account is made, no mode is changed. Where
user namespaces are forbidden, an existing account runs it, in a place which that account can reach.
"""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

from launcher.console import GiveUp


@dataclass(frozen=True)
class Identity:
    """`prefix` goes before a command; `owner` is (uid, gid) of its files as seen from here."""

    prefix: tuple[str, ...]
    owner: tuple[int, int]

    def wrap(self, *command: str | Path) -> list[str]:
        return [*self.prefix, *map(str, command)]

    def succeeds(self, *command: str | Path) -> bool:
        """Whether a command ends well under this identity."""
        done = subprocess.run(self.wrap(*command), stdin=subprocess.DEVNULL, capture_output=True, cwd="/", check=False)
        return done.returncode == 0

    @property
    def is_other_account(self) -> bool:
        return self.owner[0] != os.geteuid()


def choose_identity() -> Identity:
    """The first way that works on this machine; GiveUp when there is none."""
    mine = (os.geteuid(), os.getegid())
    if mine[0] != 0 and account_exists(mine[0]):
        return Identity((), mine)
    ways = [Identity(_unshare(ordinary_account("daemon")), mine)]
    if mine[0] == 0:
        other = ordinary_account("postgres", "nobody")
        ways.append(Identity(_setpriv(other), (other.pw_uid, other.pw_gid)))
    for way in ways:
        if works(way):
            return way
    raise GiveUp(
        "PostgreSQL does not run as root, and neither a user namespace (unshare) nor another account (setpriv) can be "
        "used here: start Concord as an ordinary user."
    )


def _unshare(account: pwd.struct_passwd) -> tuple[str, ...]:
    return ("unshare", "--user", f"--map-user={account.pw_uid}", f"--map-group={account.pw_gid}")


def _setpriv(account: pwd.struct_passwd) -> tuple[str, ...]:
    # The kernel forgets the parent-death signal when the uid changes, so setpriv sets it again.
    return (
        "setpriv",
        f"--reuid={account.pw_uid}",
        f"--regid={account.pw_gid}",
        "--clear-groups",
        "--pdeathsig=INT",
    )


def works(identity: Identity) -> bool:
    try:
        return identity.succeeds("true")
    except FileNotFoundError:  # unshare or setpriv is not installed
        return False


def account_exists(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def ordinary_account(*preferred: str) -> pwd.struct_passwd:
    """An account that is not root: the first of the preferred names that exists, else any."""
    rank = {name: place for place, name in enumerate(preferred)}
    ordinary = [account for account in pwd.getpwall() if account.pw_uid != 0]
    if not ordinary:
        raise GiveUp("There is no account but root on this machine, and PostgreSQL does not run as root.")
    return min(ordinary, key=lambda account: rank.get(account.pw_name, len(rank)))
