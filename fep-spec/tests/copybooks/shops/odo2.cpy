       01  O2-REC.
           05  O2-N                    PIC 9.
           05  O2-T OCCURS 1 TO 4 DEPENDING ON O2-N.
               10  O2-A                PIC X(3).
               10  O2-B OCCURS 2       PIC 9(2).
           05  O2-L                    PIC 99.
           05  O2-U OCCURS 0 TO 7 DEPENDING ON O2-L PIC X(5).
       01  O3-REC.
           05  O2-N                    PIC X(9).
           05  O3-A                    PIC X.
