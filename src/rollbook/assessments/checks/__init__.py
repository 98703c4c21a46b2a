"""What can be wrong with subject definitions and assessment packages.

`catalog` lists every check once, with its code, sentence and advice; `CHECKS` prints as the
reference page. `subjects` judges a subject definition as a whole, with the sentences that the
subject format documents; `packages` judges the assessments of a package, each on its own.

Promises: nothing stops at the first problem; an assessment with an error is left out, the others
stay; a subject with an error is refused whole.
"""
