"""What can be wrong with a roster coming in, and the run that finds it.

`run.check_bundle` is the door (`sources.oneroster_csv.check_file` reads a zip first);
`catalogue.CHECKS` lists every check.
The codes say where one looks: ROS-1 the package and its manifest, ROS-2 headers and cells
(from ROS-260 on, what the lenient profile repairs), ROS-3 references, ROS-4 the standard's
rules across records, ROS-5 what is legal and makes no sense. Everything here works on whole
columns; only the examples that a report names are made one by one.
"""
