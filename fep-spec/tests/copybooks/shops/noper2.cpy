       01  N2-REC
           05  N2-A                    PIC X(3)
               88 N2-OK                VALUE 'YES'
           05  N2-B                    PIC 9(2) OCCURS
               12 TIMES.
           05  N2-C                    PIC 9(2) VALUE
               10 COMP-3.
           05  N2-D                    PIC X
