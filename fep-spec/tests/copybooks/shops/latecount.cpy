       01  LC-REC.
           05  LC-T OCCURS 1 TO 5 TIMES DEPENDING ON LC-N.
               10  LC-A                PIC X(2).
           05  LC-N                    PIC 9(2).
