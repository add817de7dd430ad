       01  OT-REC.
           05  OT-A OCCURS 1 TO 5 TIMES PIC X(2).
           05  OT-B                    PIC X.
