"""Fixed phrases about targets, deliveries and remote systems that pages show in each language.

`said` of `shown_words` looks them up; holes are as in `shown_group_words`.
"""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_noop as _

# What targets ask for: `extracts/targets`, each system's `fields`; those of connectors apart.
TARGET_SETTINGS: Final = (
    _("File name"),
    _("Address of the import service"),
    _("Realm"),
    _("How to sign in"),
    _("User name"),
    _("Secret key"),
    _("How the file is sent"),
    _("Bucket"),
    _("Folder in the bucket"),
    _("Region"),
    _("Address of the store"),
    _("Access key"),
)
TARGET_HINTS: Final = (
    _(
        "{name} is the file's name here, {date} the day it was made, {year} its school year. A name"
        " without any of them is replaced each time."
    ),
    _("To sign in with user name and secret key."),
    _("To sign in with client id and secret alone."),
    _("Only where the vendor names one."),
    _("Leave it empty for Amazon's own."),
)
TARGET_CHOICES: Final = (
    _("User name and secret key"),
    _("Client id and secret alone"),
    _("As it is (usual)"),
    _("In a form"),
)
# What is wrong with what was typed of a target: `extracts/targets` and `actions/targets`.
TARGET_FAULTS: Final = (
    _("%(token)s stands for nothing. Use {name}, {date} or {year}."),
    _("Use letters, digits, dots, dashes and underscores, up to %(n)s of them."),
    _("Type a password, or paste a private key."),
    _("%(what)s is needed to sign in."),
    _("A region is small letters, digits and dashes, such as us-west-2."),
    _("A bucket's name is 3 to 63 small letters, digits, dots and dashes."),
    _("That day is past. A key that has ended opens nothing."),
    _("A target of another kind or place is another target. Add it."),
    _("Give the target a name of up to %(n)s characters."),
    _("This organization has a target of this name already."),
)
# What a check of a target tries, and what it finds.
TARGET_STEPS: Final = (
    _("Find the import service"),
    _("Ask who this user is"),
    _("Find the store"),
    _("Sign in and write a small object"),
    _("Sign in and write a small file"),
    _("Remove it"),
    _("Find this installation"),
    _("Read what is kept of this target"),
)
FOUND: Final = (
    _("%(host)s is known."),
    _("The other side accepts the key."),
    _("This user may write groups."),
    _("The other side does not say what this user may do."),
    _("The bucket can be written to."),
    _("The small object is gone again."),
    _("The folder can be written to."),
    _("The small file is gone again."),
    _("It is here."),
)
# What became of a delivery: `extracts/actions`, `extracts/rules/answers` and the import service.
DELIVERIES: Final = (
    _("This delivery has not failed. Wait until it is over."),
    _("This target was closed before the file was delivered."),
    _(
        "The key of this target has ended, so nothing was sent. Ask for a new key, type it in with"
        " the day on which it ends, and send the file again."
    ),
    _(
        "Whoever asked for this delivery may not write groups of these schools any more. Somebody"
        " who may has to send it."
    ),
    _(
        "Something went wrong on our side, several times. Tell whoever looks after Rollbook, then"
        " try again."
    ),
    _(
        "The other side had exactly this file before, and answered with what it made of it then;"
        " since then it took another one, so it does not hold this file. Have it submit import"
        " %(id)s again, or send a file that differs."
    ),
    _(
        "The other side has the file and has not said in a day what came of it. Look there for"
        " import %(id)s, then ask again."
    ),
    _("Tried for a day without success. %(what)s"),
    _("The file's bytes are gone from this machine. Make the file again and send that."),
    _("The file's bytes are gone. Make the file again."),
    _("The other side does not take files of this kind from this user."),
    _("The other side could not read the file."),
    _("The other side found rows in the file that it does not take, so it took none."),
    _("The other side does not let this user write groups of these schools."),
    _("The other side took the file for something else than groups."),
    _("The other side does not know a school that is in the file."),
    _("The other side broke while it read the file. Tell whoever runs it."),
    _("The other side did not take the file: it answers %(status)s."),
    _(
        "The other side knows this user, but does not let it write groups. Ask whoever gives out"
        " its rights for GROUP_WRITE."
    ),
    _(
        "The other side does not accept the user name and the secret key. Keys end after a year,"
        " and making a new one ends the old: type the key in that holds now."
    ),
    _("The other side's answer does not say which import it made. Check the address."),
    _("The sign-in gives no token. Check its address."),
    _("This is a sandbox: it calls no other system. Deliver to this installation itself instead."),
    _(
        "The secrets of this target were sealed with another key of this installation. Type them"
        " again."
    ),
)
# How a remote system fails: `remote`.
REMOTE: Final = (
    _(
        "That address is of this machine or of a private network, where Rollbook does not go. If"
        " the server stands in your own network, let the installation allow private addresses."
    ),
    _("No server is known by the name %(host)s."),
    _("The name of the server could not be looked up just now."),
    _("That is not the address of a web server. Use one like https://sis.example.org."),
    _("The address begins with http, so passwords would travel in the open. Use https."),
    _("The server failed several times in a row, so Rollbook stopped asking it."),
    _("The server sends Rollbook from one address to the next without an end."),
    _("The server sends Rollbook on to another server, and Rollbook does not go there."),
    _("The server sends Rollbook on to a private address, where it does not go."),
    _("The server's answer broke off."),
    _("The server packs its answer in a way that cannot be read."),
    _("The server answers too slowly."),
    _("The server does not answer."),
    _("The server's certificate is not valid yet. Check the clock of both machines."),
    _("The server's certificate has expired. Ask whoever runs the server to renew it."),
    _("The server vouches for itself with its certificate, and nobody else does."),
    _("The server's certificate is vouched for by somebody whom this machine does not know."),
    _("The server's certificate is for another name. Check the address."),
    _("The server's certificate is for another address. Check the address."),
    _("The server's certificate is wrong."),
    _("The server's answer is larger than %(n)s MB."),
    _("The server's answer is not the data that it should be."),
    _("The server does not understand the request."),
    _("The server does not accept the sign-in. Check the id and the secret."),
    _("The server knows Rollbook, but does not let it read this."),
    _("The server has nothing at this address. Check the address."),
    _("The server says that this address is gone. Check the address."),
    _("The server says that so much at once is too large."),
    _("The server does not accept the request."),
    _("The server does not offer this."),
    _("The server asks Rollbook to slow down."),
    _("The server is out of order: it answers %(status)s."),
    _("The server gives an answer of no use: %(status)s."),
    _("The server's answer is empty."),
    _(
        "The server answers with a web page where data should be. Check the address; it may also be"
        " a sign-in page, or a token of the wrong kind."
    ),
    _("The store does not let this key write into the bucket."),
    _("The store does not know the access key."),
    _("The store does not accept the secret key."),
    _("The clocks of the store and of Rollbook differ."),
    _("The store has no bucket of this name."),
    _("The bucket is in another region. Check the region."),
    _("The store does not understand the request. Check the region."),
    _("The store asks Rollbook to slow down."),
    _("The store does not answer as it should."),
    _(
        "Nobody has confirmed yet which server this is. Compare its fingerprint with what its"
        " administrator says, and save it."
    ),
    _(
        "The server's fingerprint is %(seen)s now, and that is not the one that was confirmed."
        " Nothing was sent to it. Ask its administrator before you save the new one."
    ),
    _("The server does not accept the sign-in. Check the user and the password or key."),
    _("The server has no such folder or file. Check the folder."),
    _("The server does not let this user read the folder or a file in it."),
    _("The server does not let this user write into the folder."),
    _("The server did not take the file. Its disk or this user's share of it may be full."),
    _("The private key cannot be read. Paste all of it, and check its passphrase."),
    _("The server shows no key."),
    _("The server does not offer files to this user."),
    _("The server does not do what SFTP servers do."),
    _("%(n)s bytes were sent, and %(there)s are there."),
    _("The folder holds too many files."),
    _("A file is larger than %(n)s MB."),
)
ALL: Final = (
    *TARGET_SETTINGS,
    *TARGET_HINTS,
    *TARGET_CHOICES,
    *TARGET_FAULTS,
    *TARGET_STEPS,
    *FOUND,
    *DELIVERIES,
    *REMOTE,
)
