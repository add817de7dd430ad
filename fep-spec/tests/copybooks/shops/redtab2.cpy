       01  RU-REC.
           05  RU-A                    PIC X(3).
           05  RU-B REDEFINES RU-A OCCURS 5 TIMES PIC XX.
           05  RU-C                    PIC 9.
           05  RU-G.
               10  RU-H                PIC X(2).
           05  RU-I REDEFINES RU-G.
               10  RU-J OCCURS 3       PIC X.
           05  RU-K                    PIC X.
