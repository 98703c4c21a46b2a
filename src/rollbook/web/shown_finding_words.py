"""What is found in group files and how to mend it, as pages say it in each language.

The sentences are those of `groups/checks/catalogue`; `said` of `shown_words` looks them up, with
holes as in `shown_group_words`. Why a check is made stands in the reference, which is English.
"""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext_noop as _

SAYS: Final = (
    _("%(file)s has no rows that name a group."),
    _("The header lacks the columns %(missing)s."),
    _('The header has "%(value)s" more than once.'),
    _("%(file)s has its columns in another order than the template; Rollbook reads them by name."),
    _('The header has "%(value)s" for %(column)s.'),
    _("%(file)s has more columns than a group file: %(value)s. Rollbook leaves them out."),
    _("%(file)s has %(what)s between its cells; Rollbook reads them."),
    _('This is not UTF-8. Rollbook reads the file as Windows-1252, and here "%(value)s".'),
    _("The lines of %(file)s end with a carriage return alone; Rollbook reads them."),
    _("%(file)s has %(what)s."),
    _("Rollbook leaves %(what)s out, from here on."),
    _('Blanks stand around %(column)s "%(value)s", %(what)s. Rollbook takes them off.'),
    _(
        'Characters that nobody sees stand in %(column)s "%(value)s", %(what)s. Rollbook takes'
        " them out."
    ),
    _("%(column)s is blank."),
    _('school_year is "%(value)s".'),
    _('There is no school year "%(value)s" here.'),
    _('School "%(value)s" can not be found.'),
    _('School "%(value)s" can not be found%(what)s.'),
    _('subject_code is "%(value)s".'),
    _('%(column)s "%(value)s" has more than %(most)s characters.'),
    _('group_user_login is "%(value)s".'),
    _('%(column)s is "%(value)s", which a spreadsheet made of a longer number.'),
    _("This row has %(found)s cells; line 1 has %(expected)s columns."),
    _(
        "This row has %(found)s cells; line 1 has %(expected)s columns. Rollbook takes the"
        " others as blank."
    ),
    _("Rollbook reads around blank cells after the last column in %(what)s, from here on."),
    _('No student here has the SSID "%(value)s"; nobody is added to the group by this row.'),
    _('Nobody signs in with "%(value)s" yet; %(what)s.'),
    _("This row is the same as one before it; Rollbook leaves it out."),
    _('This row has neither student nor user: it only declares the group "%(value)s".'),
    _("A cell of this row has quotes at an odd place; Rollbook reads them as part of the text."),
    _('Group "%(group)s" of school %(school)s has the subjects "%(first)s" and "%(value)s".'),
    _('Group "%(value)s" of school %(school)s has %(found)s students; a group has at most 200.'),
    _(
        'Group "%(value)s" of school %(school)s has %(found)s rows with a student for'
        " %(students)s students."
    ),
    _(
        'Group "%(value)s" of school %(school)s is called "%(first)s" above; Rollbook takes'
        " both for one."
    ),
    _(
        'No row of group "%(value)s" of school %(school)s has a student: the group will have'
        " none, and those who are in it now will be taken out."
    ),
    _(
        'No row of group "%(value)s" of school %(school)s has a user: nobody will see its'
        " students through it."
    ),
    _('Group "%(value)s" follows the roster: a file cannot change who is in it.'),
    _('Group "%(value)s" has %(count)s students now and will have none.'),
)
FIXES: Final = (
    _("Export the groups again, and look into the file before you send it."),
    _("Put the columns of the template on line 1, in its order."),
    _("Remove or rename one of the two columns."),
    _("Remove them, if they are there by mistake."),
    _("Save the file as CSV with commas: spreadsheets take the separator from the region."),
    _("Check how the names of groups are written, or save the file as CSV UTF-8."),
    _("Save the file with Windows (CRLF) or Unix (LF) line ends."),
    _("Save the file with one kind of line end, and check that no rows are missing."),
    _("Delete the empty rows below the table before you save it as CSV."),
    _("Take the blanks off in the source system."),
    _("Remove them in the source system; copying from web pages brings them along."),
    _("Fill in %(column)s: each row has a group name, a school and a school year."),
    _("Write the year in which the school year ends: 2027 for 2026-27."),
    _("Use one of %(known)s."),
    _("Use the id of a school whose groups you may write."),
    _("Use one of %(known)s, or leave the cell blank."),
    _("Shorten it, or look for a missing comma or quote."),
    _("Write the address with which the person signs in, one in each row."),
    _(
        "Export the file again and do not save it in a spreadsheet; make the column text if"
        " you must."
    ),
    _("Put quotes around a name that has a comma."),
    _("Check that the file was sent to its end; give the row its commas."),
    _("Remove the commas at the end of the rows."),
    _("Check the SSID, or load the student's enrollment first."),
    _("Check the address, or add an account with it."),
    _("Remove it from the file."),
    _("Nothing, if that is what you mean."),
    _('Put quotes around the whole cell and write the quote inside twice: "Room ""B"" 2".'),
    _("Give all its rows one subject, or put the rows of one subject under another name."),
    _("Divide it into groups with names of their own."),
    _("Write students and users in rows of their own: the state's system then takes the group."),
    _("Write the name in one way."),
    _("Add the students, or leave the group out of the file if nothing about it changes."),
    _("Add the addresses of those who teach the group."),
    _("Give the group of the file another name, or take its rows out."),
    _("Add its students to the file, or leave the group out of it."),
)
# What some holes hold.
HELD: Final = (
    _("here only"),
    _("and in %(n)s cells below it"),
    _("1 row has it"),
    _("%(n)s rows have it"),
    _("1 row"),
    _("%(n)s rows"),
    _("1 row of commas"),
    _("%(n)s rows of commas"),
    _("commas"),
    _("semicolons"),
    _("tabs"),
    _("bars"),
    _("%(n)s lines that end with %(ends)s and %(what)s"),
    _("%(n)s lines that end with %(ends)s"),
    _('; "%(school)s" can, without its first 0 in this file'),
)
ALL: Final = (*SAYS, *FIXES, *HELD)
