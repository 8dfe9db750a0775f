"""News of this app: a workbook has come in."""

from django.dispatch import Signal

#: Sent inside the import's transaction with `import_`: the finished `Import`, and `at`.
workbook_imported = Signal()
