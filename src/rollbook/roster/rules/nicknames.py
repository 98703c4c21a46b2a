"""First names by which one child is known: only ever to suggest, never to match."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# Common in United States school records; the first of a line stands for the others.
_FAMILIES: Final = (
    ("alexander", "alex", "alejandro", "xander", "sasha"),
    ("alexandra", "alejandra", "lexi", "sandra"),
    ("andrew", "andy", "drew", "andres"),
    ("anthony", "tony", "antonio"),
    ("benjamin", "ben", "benny", "benji"),
    ("catherine", "katherine", "kathryn", "kate", "katie", "kathy", "cathy", "kat"),
    ("charles", "charlie", "chuck", "carlos"),
    ("christopher", "chris", "topher", "cristobal"),
    ("daniel", "dan", "danny"),
    ("david", "dave", "davey"),
    ("edward", "ed", "eddie", "ted", "eduardo"),
    ("elizabeth", "liz", "lizzie", "beth", "betty", "eliza", "libby", "elisabeth"),
    ("francisco", "francis", "frank", "paco", "pancho"),
    ("gabriel", "gabe"),
    ("guadalupe", "lupe", "lupita"),
    ("isabella", "isabel", "bella", "izzy"),
    ("jacob", "jake"),
    ("james", "jim", "jimmy", "jamie"),
    ("jennifer", "jen", "jenny"),
    ("jessica", "jess", "jessie"),
    ("john", "johnny", "jack", "jon", "juan"),
    ("jonathan", "jonny"),
    ("joseph", "joe", "joey", "jose", "pepe"),
    ("joshua", "josh"),
    ("margaret", "maggie", "meg", "peggy", "margarita"),
    ("maria", "mary", "mari"),
    ("matthew", "matt", "mateo"),
    ("michael", "mike", "mikey", "miguel"),
    ("nicholas", "nick", "nico", "nicolas"),
    ("patricia", "pat", "patty", "tricia"),
    ("rebecca", "becca", "becky"),
    ("richard", "rick", "ricky", "dick", "ricardo"),
    ("robert", "rob", "bob", "bobby", "robbie", "roberto"),
    ("samantha", "sammi"),
    ("samuel", "sam", "sammy"),
    ("stephen", "steven", "steve", "stevie", "esteban"),
    ("thomas", "tom", "tommy", "tomas"),
    ("timothy", "tim", "timmy"),
    ("victoria", "vicky", "tori"),
    ("william", "will", "bill", "billy", "liam", "guillermo"),
    ("zachary", "zach", "zack"),
)
FORMAL_NAMES: Final[Mapping[str, str]] = {
    name: family[0] for family in _FAMILIES for name in family
}
