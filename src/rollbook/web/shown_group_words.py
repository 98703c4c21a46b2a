"""Fixed phrases about groups, extracts and programs that Django-free code says and pages show.

`said` of `shown_words` looks them up. A hole such as `%(name)s` stands for what a sentence was
filled with: `n` holds a number, and what a hole whose name begins with `what` holds is looked up
in turn.
"""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_noop as _

# Why a group stays as it is: `groups/rules` and `groups/actions`.
GROUPS: Final = (
    _("Type a name for the group."),
    _("The name has %(n)s characters. Use %(most)s at most, as the state's system."),
    _("The name holds a line break or a sign nobody sees. Type it again."),
    _('There is a group called "%(name)s" at this school in this year. Choose another name.'),
    _("A subject's code has at most %(n)s characters."),
    _(
        "The group would have %(n)s students. The state's system takes %(most)s at most: make two"
        " groups."
    ),
    _('"%(login)s" is no e-mail address. Write one as name@school.org.'),
    _('"%(grade)s" is not a grade Rollbook knows. Use PK, KG, or 01 to 12.'),
    _("No such school, or not one whose groups you may write."),
    _(
        "%(n)s of these students cannot be added: you do not see them, or they are not enrolled in"
        " the district in the group's year."
    ),
    _("You may look at this group and not change it."),
    _(
        "%(n)s of its students are not enrolled in the district in that year. Take them out first,"
        " or copy the group: the copy leaves them out."
    ),
    _("The students of this group follow its rule. Change the rule, or make a group by hand."),
    _(
        "This group follows its class in the roster. Make a group by hand from the class, and edit"
        " that."
    ),
    _("This group follows a class, and has its school year."),
    _("No such class, or not one from which you may make a group."),
    _(
        '"%(name)s" has more than %(most)s students, which the state\'s system does not take in one'
        " group. Leave it out."
    ),
    _("You can make your own groups once one or more groups are assigned to you."),
    _("Own groups are made in the school year of today. Choose that year."),
    _("%(n)s of these students are not among those whom you see today."),
    _('You have a group called "%(name)s" in this year. Choose another name.'),
    _("These students are at no school. Choose others."),
    _("Select one or more students for the group."),
    _("Archive the group first; an archived one can be deleted for good."),
    _("This group is of this school year already."),
    _("A rule finds the students of today. Choose a year that is not over."),
    _("This group has no rule. Make a group by rule."),
    _("A group that follows a class is archived and restored with the class."),
    _("Choose a later school year than that of the groups."),
)
# Why a program is not let in, or gets no secret: `access/actions/clients` and `access/rules`.
PROGRAMS: Final = (
    _("Give the program a name, such as that of the system that sends."),
    _("This program was shut out. Let it in again under a new name."),
    _("Two secrets of this program hold already. Revoke one first."),
    _("No such secret of this program."),
    _("A program that may do nothing has no use. Choose what it may do."),
    _("You do not let programs in at this organization. Ask an administrator of it."),
    _("This allows more than you hold here. Ask somebody who holds it."),
    _("A secret holds for 1 to %(n)s days. Choose another day."),
    _("%(role)s allows more than you hold here. Ask somebody who holds it."),
)
# What is wrong with a profile or a schedule: `extracts/actions`.
PROFILES: Final = (
    _("Choose a school year from the list."),
    _("Only classes of a master schedule are primary or not."),
    _("This profile is somebody else's. Copy it and change the copy."),
    _("Give the profile a name of up to %(n)s characters."),
    _('There is a profile "%(name)s" of this school year. Choose another name.'),
    _("Choose schools from the list: of one of these you write no groups."),
    _("Choose an organization that all the schools belong to."),
    _("These profiles are of several organizations. Write one file for each profile."),
    _("There is nothing to empty: every group there is still written."),
)
SCHEDULES: Final = (
    _("Write at least one mail address: somebody has to hear of each run."),
    _("Choose targets from the list: one of these is closed or another's."),
    _('"%(address)s" is no mail address. Part addresses by commas or lines.'),
    _("This time zone is not known. Write one like America/Los_Angeles."),
    _("Keep to %(n)s mail addresses."),
    _("Write a time like 22:30."),
)
# What the fields of a template hold, and the usual names: `extracts/rules/naming`.
FIELDS: Final = (
    _("the school's own short number"),
    _("the school's name"),
    _("the teacher's last name"),
    _("the teacher's first name"),
    _("the teacher's local id"),
    _("the period or periods"),
    _("the section's number"),
    _("the course's title"),
    _("the course's code"),
    _("the class's title"),
    _("the course's department"),
    _("the grade"),
    _("the counselor's last name"),
    _("the counselor's first name"),
    _("the group's name"),
    _("the subject: ELA, Math or All"),
    _("the school year, as the state has it"),
    _("the school year, as people have it"),
    _("the number of the block of 200 students"),
)
PATTERNS: Final = (
    _("Teacher name + period"),
    _("Teacher name + section"),
    _("Teacher name + course title"),
)
# What is wrong with a template: `extracts/rules/naming` and `templates`.
TEMPLATES: Final = (
    _('A bracket "[" stands inside another one. Close the first before it.'),
    _('A bracket "]" closes nothing. Write it twice to mean itself.'),
    _("A part in brackets holds no field, so it would never be shown."),
    _('"%(token)s" is not a field. Write {name} or {name:10}.'),
    _('"%(token)s" cuts the field to nothing.'),
    _("{n} stands in brackets. Put it outside: every block has a number."),
    _("{n} is there twice. Keep one."),
    _('A bracket "[" is never closed. Write it twice to mean itself.'),
    _('A brace "%(token)s" stands alone. Write it twice to mean itself.'),
    _("Change the template."),
    _("The template holds line breaks or characters that nobody sees (%(codes)s)."),
    _("Delete them: the state's system reads a group file line by line."),
    _('"%(token)s" is not a field.'),
    _("Did you mean %(token)s?"),
    _("Use one of {%(fields)s}."),
    _("Add {%(fields)s}."),
    _('"%(token)s" is always empty here: %(what)s have none.'),
    _("groups of classes"),
    _("groups of teachers"),
    _("groups of grades"),
    _("groups of counselors"),
    _("student groups"),
    _("Leave it out."),
    _("Nothing is shown for it."),
    _("Several groups of a school can get the same name."),
    _("All groups of a school would get the same name."),
    _("The text alone has %(n)s characters; a name has at most %(most)s."),
    _("Shorten it."),
    _("Names can come to %(n)s characters; what is over %(most)s is cut off."),
    _("Cut long fields yourself, as in {course:40}."),
    _(
        "{n} is missing: when a group has more than 200 students, the second block gets"
        ' " 2" at its end.'
    ),
    _("Put {n} where the number should stand."),
    _("The template begins or ends with a blank."),
    _("It is left out of the names."),
    _("A name that begins like a formula is run by a spreadsheet that opens the file."),
    _("Begin with a letter, a number or a field."),
)
# What a person should know of a file: `extracts/plan/warnings`.
WARNINGS: Final = (
    _("The school year %(year)s of this profile is over on %(day)s: nothing is written."),
    _("The school year %(year)s of this profile has not begun on %(day)s: nothing is written."),
    _("Save the profile for the current year, or delete it."),
    _(
        "The terms of all %(n)s classes are over or have not begun on %(day)s (%(over)s over,"
        " %(next)s not begun)."
    ),
    _("No class can be written: choose a day within a term, or bring in the new terms."),
    _("Of %(n)s classes, %(out)s are out of term on %(day)s (%(over)s over, %(next)s not begun)."),
    _("Of %(n)s classes, %(out)s is out of term on %(day)s (%(over)s over, %(next)s not begun)."),
    _("They are left out. If they still meet, correct the dates of their terms."),
    _("1 school does not say which class is a student's primary one: nobody there is written."),
    _("%(n)s schools do not say which class is a student's primary one: nobody there is written."),
    _("Choose other schools, or turn off primary classes only."),
    _("This profile writes nothing."),
    _("See the students left out: each is listed with the first thing that was missing."),
    _("1 school has no id that the state's system knows: nobody there is written."),
    _("%(n)s schools have no id that the state's system knows: nobody there is written."),
    _("Enter the state's id of the school."),
    _("1 chosen school is closed."),
    _("%(n)s chosen schools are closed."),
    _("Take it out of the profile."),
    _(
        '"%(winner)s" writes %(what_groups)s of "%(loser)s" too. "%(winner)s" wins; %(what_rows)s'
        ' of "%(loser)s" are left out.'
    ),
    _("1 group"),
    _("%(n)s groups"),
    _("1 student row"),
    _("%(n)s student rows"),
    _('Take these classes out of one of the two, or move "%(loser)s" up.'),
    _("1 group would be seen by nobody and is not written."),
    _("%(n)s groups would be seen by nobody and are not written."),
    _("Give a teacher an address, or add staff to the profile."),
    _("1 person has no address to sign in with and cannot see their groups."),
    _("%(n)s people have no address to sign in with and cannot see their groups."),
    _("Enter the address in the student information system."),
    _(
        "1 address is none that the state's system would take: these people cannot see their"
        " groups."
    ),
    _(
        "%(n)s addresses are none that the state's system would take: these people cannot see"
        " their groups."
    ),
    _("Correct the address: one mailbox at one domain, as in name@example.org."),
    _("1 name was longer than %(most)s characters and lost the end of its text."),
    _("%(n)s names were longer than %(most)s characters and lost the end of its text."),
    _("Shorten the template, as in {course:40}."),
    _("1 group would have had the name of another one and got a number in parentheses."),
    _("%(n)s groups would have had the name of another one and got a number in parentheses."),
    _("Add a field that tells them apart, such as {teacher_id} or {section}."),
    _("1 group has more than %(most)s students and is written as several."),
    _("%(n)s groups have more than %(most)s students and are written as several."),
    _("Nothing: students keep their block from file to file."),
    _("This file has no rows: nobody fits."),
    _("Read who is left out and why before you send it."),
)
ALL: Final = (
    *GROUPS,
    *PROGRAMS,
    *PROFILES,
    *SCHEDULES,
    *FIELDS,
    *PATTERNS,
    *TEMPLATES,
    *WARNINGS,
)
