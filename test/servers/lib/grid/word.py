"""What a server holds after each statement, and from that the changes that Sluice must tell, one by one and in order."""

import dataclasses

from lib.server_word import Number, raw


@dataclasses.dataclass
class Expected:
    """One change: its images as the server's tables were before and after it. `named`: columns that the statement gave values."""

    op: str
    table: object
    before: dict | None
    after: dict | None
    named: set
    statement: str


class Word:
    """Follows one table. `connection`: a session in UTC that sees every commit at once, with conv={}."""

    def __init__(self, connection, table):
        self.connection, self.table = connection, table
        self.rows = {}  # id: (answers of the server, row)

    def look(self):
        """{id: (answers, row)} as it is now."""
        with self.connection.cursor() as cursor:
            cursor.execute(self.table.select())
            found = {}
            for answers in cursor.fetchall():
                answers = [raw(value) for value in answers]
                found[int(answers[0])] = answers
            return {key: (answers, None) for key, answers in found.items()}

    def row(self, answers):
        row, at = {"id": Number(answers[0].decode())}, 1
        for column in self.table.columns:
            width = len(column.kind.spelling.select)
            row[column.name] = column.kind.spelling.of_server(answers[at:at + width])
            at += width
        return row

    def after(self, statement, named, affected):
        """The changes that the statement made: rows are read and changed in the order of their ids."""
        now, was = self.look(), self.rows
        changes = []
        for key in sorted(now.keys() | was.keys()):
            old, new = was.get(key), now.get(key)
            if old and new and old[0] == new[0]:
                now[key] = old
                continue
            if new:
                now[key] = new = (new[0], self.row(new[0]))
            op = "update" if old and new else "insert" if new else "delete"
            changes.append(Expected(op, self.table, old and old[1], new and new[1], named, statement))
        assert len(changes) == affected, \
            f"{statement[:500]}: {self.table.create()[:2000]}: the server says that it changed {affected} rows, and SELECT shows {len(changes)} changed ones"
        self.rows = now
        return changes
