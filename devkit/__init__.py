"""The machinery behind `tasks.py`: one noun or one verb a file.

Nothing in here imports a team's code or is installed in a team's environment; a team's
interpreter is called as a program.
"""
