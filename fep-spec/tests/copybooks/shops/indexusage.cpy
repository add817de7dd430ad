       01  IU-REC.
           05  IU-A OCCURS 3 TIMES INDEXED BY IU-X
                           COMPUTATIONAL-3 PIC S9(5).
           05  IU-B OCCURS 2 INDEXED BY IU-Y IU-Z BINARY
                                       PIC S9(4).
           05  IU-C OCCURS 2 INDEXED IU-W
               TRAILING SEPARATE PIC S9(3).
           05  COMPUTATIONAL           PIC S9(9).
           05  IU-D                    PIC X.
