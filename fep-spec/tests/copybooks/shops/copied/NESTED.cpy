           10  NESTED-A                PIC 9(3).
