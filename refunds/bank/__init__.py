"""What a bank sends and takes, one module per format. Pure: bytes and values, no Django.

- `workbook`: the workbook both ways, the contract's columns
"""
